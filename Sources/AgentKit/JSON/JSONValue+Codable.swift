import Foundation

/// For values inside types that Foundation encodes.
///
/// Its coders carry numbers as `Decimal`: up to 38 digits, without zeros at the end of a fraction. Where each digit
/// counts, use ``init(parsing:)`` and ``text``.
extension JSONValue: Codable {
    /// Decodes whichever kind of value is there.
    ///
    /// - Throws: `DecodingError` if it is none of them.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Decimal.self), let number = JSONNumber(literal: "\(value)") {
            self = .number(number)
        } else if let value = try? container.decode(Double.self), let number = JSONNumber(literal: "\(value)") {
            self = .number(number)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// Encodes the value itself, without the name of its case.
    ///
    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let number):
            if let whole = Int(number.literal) {
                try container.encode(whole)
            } else if let value = Decimal(string: number.literal), value.isFinite {
                try container.encode(value)
            } else {
                try container.encode(number.double)
            }
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
