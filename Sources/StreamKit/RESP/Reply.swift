/// One reply of the server.
///
/// Replies are laid out flat: all the text of a reply shares one piece of memory, which lives as long as
/// any part of the reply does. Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/>
public struct Reply: Sendable {
    /// The type that the server gave a reply.
    public enum Kind: UInt8, Sendable {
        /// No value: a missing key, or a blocking read that timed out.
        case null
        /// A signed 64-bit number.
        case integer
        /// Text or any other bytes.
        case string
        /// A short word such as `OK`.
        case status
        /// An error message.
        case error
        /// A list of replies.
        case array
    }

    let storage: ReplyStorage
    let index: Int

    /// What the server sent.
    public var kind: Kind { storage.token(index).kind }

    /// Whether there is no value.
    public var isNull: Bool { kind == .null }

    /// The text of a string, status or error, invalid UTF-8 repaired; the digits of an integer.
    public var text: String? {
        let token = storage.token(index)
        if token.kind.isText { return storage.text(token) }
        return token.kind == .integer ? String(token.value) : nil
    }

    /// The value of an integer, or of text that spells one.
    public var integer: Int? {
        let token = storage.token(index)
        return token.kind == .integer ? token.value : text.flatMap { Int($0) }
    }

    /// The bytes of a string, status or error.
    public var bytes: [UInt8]? {
        let token = storage.token(index)
        return token.kind.isText ? storage.bytes(of: token) : nil
    }

    /// The elements of an array.
    public var elements: [Reply]? {
        let token = storage.token(index)
        guard token.kind == .array else { return nil }
        var next = index + 1
        return (0..<token.value).map { _ in
            defer { next = storage.indexAfter(next) }
            return Reply(storage: storage, index: next)
        }
    }

    /// The values of an array of names and values in turn, as XINFO answers, by name.
    var dictionary: [String: Reply] {
        let all = elements ?? []
        return Dictionary(
            stride(from: 0, to: all.count - 1, by: 2).map { (all[$0].text ?? "", all[$0 + 1]) },
            uniquingKeysWith: { first, _ in first })
    }
}

extension Reply: CustomStringConvertible {
    /// The reply as redis-cli prints it.
    public var description: String { lines.joined(separator: "\n") }

    private var lines: [String] {
        switch kind {
        case .null: return ["(nil)"]
        case .integer: return ["(integer) \(integer ?? 0)"]
        case .string: return [Self.quoted(bytes ?? [])]
        case .status: return [text ?? ""]
        case .error: return ["(error) \(text ?? "")"]
        case .array:
            guard let elements, !elements.isEmpty else { return ["(empty array)"] }
            let width = String(elements.count).count
            return elements.enumerated().flatMap { number, element in
                let label = String(repeating: " ", count: width - String(number + 1).count) + "\(number + 1)) "
                let hanging = String(repeating: " ", count: label.count)
                return element.lines.enumerated().map { $0 == 0 ? label + $1 : hanging + $1 }
            }
        }
    }

    /// Bytes as redis-cli quotes them, except that printable UTF-8 stays readable.
    static func quoted(_ bytes: [UInt8]) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return "\"" + bytes.map(escaped).joined() + "\""
        }
        return "\"" + text.unicodeScalars.map(escaped).joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        if scalar.isASCII { return escaped(UInt8(scalar.value)) }
        switch scalar.properties.generalCategory {
        // A terminal may read them as control sequences or line breaks.
        case .control, .lineSeparator, .paragraphSeparator: return UTF8.encode(scalar)?.map(escaped).joined() ?? ""
        default: return String(scalar)
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""): "\\\""
        case UInt8(ascii: "\\"): "\\\\"
        case UInt8(ascii: "\n"): "\\n"
        case UInt8(ascii: "\r"): "\\r"
        case UInt8(ascii: "\t"): "\\t"
        case 7: "\\a"
        case 8: "\\b"
        case 32..<127: String(UnicodeScalar(byte))
        default: "\\x" + byte.hexDigits
        }
    }
}

extension FixedWidthInteger {
    /// All its digits in base 16, leading zeros included.
    package var hexDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
    }
}
