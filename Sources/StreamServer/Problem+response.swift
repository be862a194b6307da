import Foundation
import HTTPTypes
import Hummingbird

extension Problem {
    /// The answer to a request for `instance`.
    func response(to instance: String?) -> Response {
        .json(
            bytes: document(instance), type: "application/problem+json", status: status, headers: headers)
    }

    /// The document; `error` repeats what programs of the first version read.
    func document(_ instance: String?) -> Data {
        var document: [String: Any] = members
        document["type"] = "about:blank"
        document["title"] = status.reasonPhrase
        document["status"] = status.code
        document["detail"] = message
        document["instance"] = instance
        document["error"] = ["code": code, "message": message]
        return EventJSON.bytes(of: document)
    }
}
