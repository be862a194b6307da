import Foundation
import HTTPTypes
import Hummingbird

/// `GET /`: the page, one file that is compiled into the program.
struct PageRoute: Sendable {
    private static let source = String(decoding: PackageResources.index_html, as: UTF8.self)

    var route: Route {
        Route(.get, "/") { _, _, _ in page() }
    }

    /// The page, under a policy by which only its own script and style may run.
    ///
    /// They carry a nonce that is new each time, and the page may talk to nobody but this server. So a model's
    /// text could do no harm even if it became HTML.
    private func page() -> Response {
        let nonce = Data((0..<18).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        let policy = [
            "default-src 'none'", "script-src 'nonce-\(nonce)'", "style-src 'nonce-\(nonce)'", "connect-src 'self'",
            "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ]
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy: policy.joined(separator: "; "),
                .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
                .referrerPolicy: "no-referrer",
            ],
            body: ResponseBody(
                byteBuffer: ByteBuffer(string: Self.source.replacingOccurrences(of: "{{nonce}}", with: nonce))))
    }
}

extension HTTPField.Name {
    /// What the page may link and load tells nobody where it came from.
    static let referrerPolicy = HTTPField.Name.checked("Referrer-Policy")
}
