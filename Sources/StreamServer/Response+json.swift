import Foundation
import HTTPTypes
import Hummingbird

extension Response {
    /// A JSON answer that no cache keeps.
    static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return .json(bytes: (try? encoder.encode(value)) ?? Data("{}".utf8), status: status, headers: headers)
    }

    /// JSON that is encoded already.
    static func json(
        bytes body: Data, type: String = "application/json; charset=utf-8", status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        var fields = headers
        fields[.contentType] = type
        fields[.cacheControl] = "no-store"
        fields[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
