package import Foundation

/// JSON as it is kept in Redis: keys in alphabetical order, so that equal values make equal text.
package enum SortedJSON {
    /// A new encoder.
    package static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    package static func text(of value: some Encodable) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// - Returns: `nil` if the text is not JSON of that type.
    package static func value<Value: Decodable>(_ type: Value.Type, of text: String) -> Value? {
        try? JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
