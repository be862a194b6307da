// Entries that hold JSON, and fields that have to be text.

import Foundation

extension RedisStream {
    /// Appends an entry with a value as JSON in one field (XADD).
    ///
    /// ``StreamEntry/decode(_:from:)`` gives it back.
    ///
    /// - Parameters:
    ///   - value: what to write; its keys are sorted, so that equal values are equal text.
    ///   - name: the field that holds it.
    ///   - fields: more fields, which come before it.
    ///   - trim: drops old entries in the same step.
    /// - Returns: the ID of the entry.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` if the value cannot be written as JSON, another ``StreamKitError`` if the server
    ///   refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func append<Value: Encodable>(
        _ value: Value, as name: String, with fields: EntryFields = [:], trim: StreamTrim? = nil
    ) async throws -> StreamID {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json: Data
        do {
            json = try encoder.encode(value)
        } catch {
            throw StreamKitError.invalidInput(
                "This \(Value.self) cannot be written as JSON: \(error). Nothing was appended to '\(key)'.")
        }
        return try await append(fields.adding(name, Array(json)), trim: trim)
    }
}

extension StreamEntry {
    /// The text of the first field of that name, if it is valid UTF-8.
    ///
    /// The subscript, in contrast, repairs invalid UTF-8.
    ///
    /// - Parameter name: the field's name.
    /// - Returns: its value.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` that names entry and field when it is missing or not UTF-8.
    public func text(_ name: String) throws -> String {
        guard let bytes = bytes(name) else {
            throw StreamKitError.unexpectedReply("Entry \(id) has no field '\(name)'.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StreamKitError.unexpectedReply(
                "Field '\(name)' of entry \(id) is not UTF-8 text: \(Reply.quoted(bytes)). Read its bytes instead.")
        }
        return text
    }
}
