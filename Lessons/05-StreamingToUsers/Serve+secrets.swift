// Who may use the server: tokens, and the key that signs viewers' links.
// Run:    STREAM_SERVER_TOKENS="ann:$(openssl rand -base64 24)" ./lesson 5 serve
// Expect: the page asks for the token; without it every request for a run is answered 401.

import AgentKit
import Foundation
import LessonKit
import StreamServer

extension StreamServerConfiguration {
    /// Takes the tokens from a file, or from the environment or `.env`; the key comes from there, too.
    mutating func takeSecrets(tokensFile: String?) throws {
        let settings = try ModelSettings()
        tokens =
            try tokensFile.map(Self.tokens(inFile:))
            ?? settings.secret("stream.server.tokens").map { try Self.tokens($0, from: "STREAM_SERVER_TOKENS") }
        linkKey = settings.secret("stream.server.link.key")
        if let linkKey, linkKey.utf8.count < 32 {
            throw LessonProblem(
                "STREAM_SERVER_LINK_KEY has fewer than 32 characters. Make one with: openssl rand -base64 32")
        }
    }

    private static func tokens(inFile path: String) throws -> AccessTokens {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw LessonProblem("--tokens-file: '\(path)' cannot be read, or is not UTF-8.")
        }
        return try tokens(text, from: path)
    }

    private static func tokens(_ text: String, from source: String) throws -> AccessTokens {
        do {
            return try AccessTokens(text)
        } catch {
            throw LessonProblem("\(source): \(error)")
        }
    }
}
