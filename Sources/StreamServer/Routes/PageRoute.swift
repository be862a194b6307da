import Foundation
import HTTPTypes
import Hummingbird

/// `GET /`, the page, and `GET /page/{file}`, its script and style.
///
/// All of it is compiled into the program.
struct PageRoute: Sendable {
    /// Whether the page has the instructor's panel.
    let hasLab: Bool

    var routes: [Route] {
        [
            Route(.get, "/", .page, door: .open) { _, _, _ in page() },
            Route(.get, "/page/{file}", .asset, door: .open) { _, parameters, _ in try asset(parameters[0]) },
        ]
    }

    private static let source = String(decoding: PackageResources.index_html, as: UTF8.self)
    private static let lab = String(decoding: PackageResources.lab_html, as: UTF8.self)

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
        let html = Self.source.replacingOccurrences(of: "{{lab}}", with: hasLab ? Self.lab : "")
            .replacingOccurrences(of: "{{nonce}}", with: nonce)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy: policy.joined(separator: "; "),
                .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
                .referrerPolicy: "no-referrer",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    private func asset(_ name: String) throws -> Response {
        guard let bytes = pageAssets[name] else {
            throw Problem.notFound("unknown_file", "The page has no file '\(name)'. Open / for the page.")
        }
        let type = name.hasSuffix(".css") ? "text/css" : "text/javascript"
        return Response(
            status: .ok,
            headers: [
                .contentType: "\(type); charset=utf-8",
                // A page of one version must not run the script of another.
                .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

/// The modules that the page consists of, and its style.
private let pageAssets: [String: [UInt8]] = [
    "api.js": PackageResources.api_js,
    "approval.js": PackageResources.approval_js,
    "connection.js": PackageResources.connection_js,
    "conversation.js": PackageResources.conversation_js,
    "frame.js": PackageResources.frame_js,
    "inline.js": PackageResources.inline_js,
    "lab.css": PackageResources.lab_css,
    "lab.js": PackageResources.lab_js,
    "markdown.js": PackageResources.markdown_js,
    "page.css": PackageResources.page_css,
    "page.js": PackageResources.page_js,
    "replay.js": PackageResources.replay_js,
    "status.js": PackageResources.status_js,
    "stream-id.js": PackageResources.stream_id_js,
    "timeline.js": PackageResources.timeline_js,
    "token.js": PackageResources.token_js,
    "waterfall.js": PackageResources.waterfall_js,
    "words.js": PackageResources.words_js,
]

extension HTTPField.Name {
    /// What the page may link and load tells nobody where it came from.
    static let referrerPolicy = HTTPField.Name.checked("Referrer-Policy")
}
