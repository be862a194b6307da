/// Reads JSON text and keeps the digits of its numbers, which Foundation's decoder does not.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc8259>
struct JSONParser {
    /// Why a text is not JSON.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let bytes: [UInt8]
    private var index = 0

    /// A text that nests deeper is refused; each level takes some of the stack.
    private static let deepest = 128

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { index == bytes.count }

    /// The whole text as one value.
    mutating func document() throws -> JSONValue {
        let value = try value(depth: 0)
        guard isAtEnd else { throw failure("a value ends here, and more follows") }
        return value
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth < Self.deepest else { throw failure("it nests deeper than \(Self.deepest) levels") }
        skipSpace()
        defer { skipSpace() }
        switch peek {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(_ depth: Int) throws -> JSONValue {
        var members: [String: JSONValue] = [:]
        try list(until: UInt8(ascii: "}")) { parser in
            let name = try parser.string()
            parser.skipSpace()
            guard parser.take(UInt8(ascii: ":")) else { throw parser.failure("a ':' is missing") }
            members[name] = try parser.value(depth: depth + 1)
        }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws -> JSONValue {
        var values: [JSONValue] = []
        try list(until: UInt8(ascii: "]")) { parser in values.append(try parser.value(depth: depth + 1)) }
        return .array(values)
    }

    private mutating func list(until end: UInt8, _ element: (inout JSONParser) throws -> Void) throws {
        index += 1
        skipSpace()
        if take(end) { return }
        repeat {
            skipSpace()
            try element(&self)
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(end) else { throw failure("a ',' or the end of the list is missing") }
    }

    /// Reads `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?` as one number.
    mutating func number() throws -> JSONNumber {
        let start = index
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return JSONNumber(checked: String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func digits() throws {
        let start = index
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        if index == start { throw failure("a value or a digit is missing") }
    }

    private mutating func string() throws -> String {
        guard take(UInt8(ascii: "\"")) else { throw failure("a string is missing") }
        var text: [UInt8] = []
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escaped().utf8
            case ..<0x20: throw failure("a control character stands in a string")
            default: text.append(byte)
            }
        }
        throw failure("a string has no end")
    }

    private mutating func escaped() throws -> String {
        guard let byte = peek else { throw failure("a string has no end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(UnicodeScalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try codeUnits()
        default: throw failure("an escape is not known")
        }
    }

    /// One `\uXXXX`, or two that make one character; half of a pair becomes a replacement character.
    private mutating func codeUnits() throws -> String {
        let first = try codeUnit()
        guard UTF16.isLeadSurrogate(first), bytes[index...].starts(with: "\\u".utf8) else {
            return String(decoding: [first], as: UTF16.self)
        }
        index += 2
        return String(decoding: [first, try codeUnit()], as: UTF16.self)
    }

    private mutating func codeUnit() throws -> UInt16 {
        guard index + 4 <= bytes.count,
            bytes[index..<index + 4].allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit }),
            let unit = UInt16(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw failure("an escape needs four hexadecimal digits") }
        index += 4
        return unit
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws -> JSONValue {
        guard bytes[index...].starts(with: word.utf8) else { throw failure("a value is missing") }
        index += word.utf8.count
        return value
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || (9...10).contains(byte) || byte == 13 { index += 1 }
    }

    private func failure(_ reason: String) -> Failure {
        Failure(description: "This is not JSON: at byte \(index) \(reason).")
    }
}
