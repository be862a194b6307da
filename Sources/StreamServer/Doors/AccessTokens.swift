import Crypto
import Foundation

/// The bearer tokens that a server accepts, and who holds each of them.
///
/// Only digests are kept. Several tokens may have the same holder, for example while one replaces another.
/// Source: <https://www.rfc-editor.org/rfc/rfc6750>
public struct AccessTokens: Sendable {
    private struct Entry: Sendable {
        let holder: String
        let digest: SHA256.Digest
    }

    private let entries: [Entry]

    /// The fewest characters that a token has: shorter ones can be guessed.
    public static let minimumLength = 16

    /// Reads tokens: one per line or with commas in between, each as `name:token` or as `token` alone.
    ///
    /// Empty lines count as nothing, and so do lines that begin with `#`. A holder without a name goes by the token's
    /// digest.
    ///
    /// - Parameter text: The tokens.
    /// - Throws: ``AccessTokensError`` if one of them could not come in a header, is too short, or there is none. The
    ///   error does not contain a token.
    public init(_ text: String) throws(AccessTokensError) {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }
        var entries: [Entry] = []
        for (index, part) in lines.flatMap({ $0.split(separator: ",") }).enumerated() {
            entries.append(try Self.entry(part, number: index + 1))
        }
        guard !entries.isEmpty else { throw AccessTokensError("There is no token in it. Give one per line.") }
        self.entries = entries
    }

    private static func entry(_ text: Substring, number: Int) throws(AccessTokensError) -> Entry {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let token = parts.last ?? ""
        guard token.utf8.count >= minimumLength, token.utf8.allSatisfy(isAllowed) else {
            throw AccessTokensError(
                "Token \(number) is not \(minimumLength) or more letters, digits or -._~+/=, without blanks. Make one "
                    + "with: openssl rand -base64 24")
        }
        let digest = SHA256.hash(data: Data(token.utf8))
        guard parts.count == 2, let name = parts.first else {
            let hex = digest.prefix(16).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            return Entry(holder: "sha256:" + hex, digest: digest)
        }
        guard ConversationID(String(name)) != nil, name.utf8.count <= 64 else {
            throw AccessTokensError(
                "The name of token \(number) is not 1 to 64 letters, digits, '-', '_' or '.'. Write name:token.")
        }
        return Entry(holder: String(name), digest: digest)
    }

    /// Whether a byte may be part of a bearer token.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/=".utf8.contains(byte)
        }
    }

    /// Who holds a token; `nil` if nobody does.
    ///
    /// Digests compare in constant time, and the token is compared with all of them: how long it takes says nothing.
    func holder(of token: String) -> String? {
        let digest = SHA256.hash(data: Data(token.utf8))
        return entries.reduce(String?.none) { found, entry in entry.digest == digest ? entry.holder : found }
    }
}

/// Why tokens cannot be used.
public struct AccessTokensError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, and what to do about it.
    public let description: String

    init(_ description: String) { self.description = description }
}
