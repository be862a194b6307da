import Foundation

/// Any JSON: what models and tools say to each other.
public enum JSONValue: Hashable, Sendable {
    /// Nothing.
    case null
    /// True or false.
    case bool(Bool)
    /// A number, with its digits.
    case number(JSONNumber)
    /// A text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Named values.
    case object([String: JSONValue])

    /// Reads a JSON text.
    ///
    /// Numbers keep their digits; of two members with one name the later counts.
    ///
    /// - Throws: An error that says where the text is not JSON.
    public init(parsing text: String) throws {
        var parser = JSONParser(text)
        self = try parser.document()
    }

    /// What a value is encoded to.
    ///
    /// - Throws: What the encoder throws.
    public init(encoding value: some Encodable) throws {
        try self.init(parsing: String(decoding: try JSONEncoder().encode(value), as: UTF8.self))
    }

    /// A whole number.
    public init(_ value: Int) { self = .number(JSONNumber(value)) }

    /// An object of those members that there are.
    static func object(present members: [String: JSONValue?]) -> JSONValue { .object(members.compactMapValues { $0 }) }

    /// The member of an object, `nil` for anything else.
    public subscript(_ name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The text, `nil` for anything else.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The number as an integer, `nil` for anything else.
    public var integer: Int? {
        if case .number(let value) = self { value.integer } else { nil }
    }

    /// The list, `nil` for anything else.
    public var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByArrayLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self.init(value) }
    /// An object; of two members with one name the later counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, later in later })
    }
    /// A list.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
