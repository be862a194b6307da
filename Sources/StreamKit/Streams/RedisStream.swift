import Foundation

/// A stream: an append-only log of entries under one key.
///
/// Source: <https://redis.io/docs/latest/develop/data-types/streams/>
public struct RedisStream: EntryReader {
    /// The client it is reached through.
    public let redis: Redis
    /// The key that holds it.
    public let key: String

    /// Appends an entry (XADD), and creates the stream if there is none.
    ///
    /// - Parameters:
    ///   - fields: at least one; names may repeat.
    ///   - id: an ID of your own, higher than the last one; usually `nil`, so that the server chooses.
    ///   - trim: drops old entries in the same step.
    /// - Returns: the ID of the entry.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` without fields, another ``StreamKitError`` if the server refuses
    ///   or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func append(
        _ fields: EntryFields, id: StreamID? = nil, trim: StreamTrim? = nil
    ) async throws -> StreamID {
        guard !fields.isEmpty else {
            throw StreamKitError.invalidInput("An entry needs at least one field. Nothing was appended to '\(key)'.")
        }
        return try await redis.execute { Self.encode(&$0, key: key, fields: fields, id: id, trim: trim) }
            .streamID("XADD")
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
    /// - Throws: ``StreamKitError/invalidInput(_:)`` if the value cannot be written as JSON, another ``StreamKitError``
    ///   if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func append<Value: Encodable>(
        _ value: Value, as name: String, with fields: EntryFields = [:], trim: StreamTrim? = nil
    ) async throws -> StreamID {
        let json: Data
        do {
            json = try SortedJSON.encoder.encode(value)
        } catch {
            throw StreamKitError.invalidInput(
                "This \(Value.self) cannot be written as JSON: \(error). Nothing was appended to '\(key)'.")
        }
        return try await append(fields.adding(name, Array(json)), trim: trim)
    }

    /// Deletes entries (XDEL).
    ///
    /// - Parameter ids: the entries; missing ones are ignored.
    /// - Returns: how many of them were there.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func delete(_ ids: [StreamID]) async throws -> Int {
        guard !ids.isEmpty else { return 0 }
        return try await redis.execute { buffer in
            buffer.beginCommand("XDEL", arguments: 2 + ids.count)
            buffer.argument(key)
            for id in ids { buffer.argument(id) }
        }.count("XDEL")
    }

    /// Drops old entries (XTRIM).
    ///
    /// - Parameter trim: which ones to keep.
    /// - Returns: how many were dropped.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func trim(_ trim: StreamTrim) async throws -> Int {
        try await redis.execute { buffer in
            buffer.beginCommand("XTRIM", arguments: 2 + StreamTrim.argumentCount)
            buffer.argument(key)
            trim.write(to: &buffer)
        }.count("XTRIM")
    }

    /// Removes the stream with everything in it, groups included (DEL).
    ///
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func remove() async throws {
        try await redis.send("DEL", key)
    }

    fileprivate static func encode(
        _ buffer: inout ByteBuffer, key: String, fields: EntryFields, id: StreamID? = nil, trim: StreamTrim?
    ) {
        buffer.beginCommand("XADD", arguments: 2 + fields.argumentCount(trim: trim))
        buffer.argument(key)
        fields.write(id: id, trim: trim, to: &buffer)
    }
}

extension Pipeline {
    /// Adds one XADD.
    public mutating func append(_ fields: EntryFields, to key: String, trim: StreamTrim? = nil) {
        add { RedisStream.encode(&$0, key: key, fields: fields, trim: trim) }
    }
}
