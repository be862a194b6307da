import Foundation

extension RedisStream {
    /// Appends an entry whose values are any bytes, text or not (XADD).
    ///
    /// ``StreamEntry/bytes(_:)`` and ``StreamEntry/rawFields`` give them back.
    ///
    /// - Parameters:
    ///   - fields: at least one, in order; names may repeat.
    ///   - id: an ID of your own, higher than the last one; usually `nil`, so that the server chooses.
    ///   - trim: drops old entries in the same step.
    /// - Returns: the ID of the entry.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` without fields, another ``StreamKitError`` if the server refuses
    ///   or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func append(
        bytes fields: [(name: String, value: [UInt8])], id: StreamID? = nil, trim: StreamTrim? = nil
    ) async throws -> StreamID {
        guard !fields.isEmpty else {
            throw StreamKitError.invalidInput("An entry needs at least one field. Nothing was appended to '\(key)'.")
        }
        return try await redis.execute { buffer in
            buffer.beginCommand("XADD", words: 3 + fields.count * 2 + (trim == nil ? 0 : StreamTrim.wordCount))
            buffer.word(key)
            trim?.write(to: &buffer)
            if let id { buffer.word(id) } else { buffer.word("*") }
            for field in fields {
                buffer.word(field.name)
                field.value.withUnsafeBytes { buffer.word($0) }
            }
        }.streamID("XADD")
    }

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
    /// - Throws: ``StreamKitError/invalidInput(_:)`` if the value is no JSON, another ``StreamKitError`` if the server
    ///   refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func append<Value: Encodable>(
        _ value: Value, as name: String, with fields: KeyValuePairs<String, String> = [:], trim: StreamTrim? = nil
    ) async throws -> StreamID {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json: Data
        do {
            json = try encoder.encode(value)
        } catch {
            throw StreamKitError.invalidInput(
                "This \(Value.self) is not to be written as JSON: \(error). Nothing was appended to '\(key)'.")
        }
        let others = fields.map { (name: $0.key, value: Array($0.value.utf8)) }
        return try await append(bytes: others + [(name, Array(json))], trim: trim)
    }
}

extension StreamEntry {
    /// The text of the first field of that name, only if it is text.
    ///
    /// Unlike the subscript, which repairs what is no UTF-8.
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
