// An answer that is not what was asked for, in words for the person at the terminal.
// Run:    ./lesson 5 watch no-such-conversation
// Expect: one line that says what is wrong.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// An answer of a server that says no, or that is not an answer of ours at all.
struct Refusal: Error, CustomStringConvertible {
    let description: String
    /// Whether the same request may be answered later.
    let mayPass: Bool
    /// The status of an answer that our server gave.
    let status: Int?

    /// The server listens, but it is another program.
    static func stranger(_ server: String, _ reason: String) -> Refusal {
        Refusal(description: "\(server) is not a server of this lesson: \(reason).", mayPass: false, status: nil)
    }

    private init(description: String, mayPass: Bool, status: Int?) {
        (self.description, self.mayPass, self.status) = (description, mayPass, status)
    }

    init(_ response: HTTPClientResponse, of server: String) async {
        struct Body: Decodable {
            struct Details: Decodable {
                let message: String
            }
            let error: Details
        }
        let status = Int(response.status.code)
        if (300..<400).contains(status) {
            let target = response.headers.first(name: "Location").map { " to \($0)" } ?? ""
            self = .stranger(server, "it redirects\(target) (\(status))")
            return
        }
        let text = (try? await response.body.collect(upTo: 1 << 20)).map { String(buffer: $0) } ?? ""
        if let details = try? JSONDecoder().decode(Body.self, from: Data(text.utf8)).error {
            self.init(description: "\(status): \(details.message)", mayPass: status >= 500, status: status)
        } else if status >= 500, ![501, 505].contains(status) {
            // What stands between us and the server says that the server is away.
            let reason = "\(server) answered \(status) \(response.status.reasonPhrase)"
            self.init(description: "\(reason). Try again later.", mayPass: true, status: nil)
        } else {
            self = .stranger(server, "it answered \(status) \(response.status.reasonPhrase)")
        }
    }
}
