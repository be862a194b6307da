/// A stream: an append-only log of entries under one key.
///
/// Source: <https://redis.io/docs/latest/develop/data-types/streams/>
public struct RedisStream: Sendable {
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
        try await add(fields, id: id, trim: trim, onlyIfExists: false).streamID("XADD")
    }

    /// Appends an entry only if the stream exists (XADD NOMKSTREAM).
    ///
    /// - Parameters:
    ///   - fields: at least one; names may repeat.
    ///   - trim: drops old entries in the same step.
    /// - Returns: the ID of the entry; `nil` if there is no such stream; then nothing was written.
    /// - Throws: as ``append(_:id:trim:)`` does.
    @discardableResult
    public func appendIfExists(_ fields: EntryFields, trim: StreamTrim? = nil) async throws -> StreamID? {
        let reply = try await add(fields, id: nil, trim: trim, onlyIfExists: true)
        return reply.isNull ? nil : try reply.streamID("XADD")
    }

    private func add(
        _ fields: EntryFields, id: StreamID?, trim: StreamTrim?, onlyIfExists: Bool
    ) async throws -> Reply {
        guard !fields.isEmpty else {
            throw StreamKitError.invalidInput("An entry needs at least one field. Nothing was appended to '\(key)'.")
        }
        return try await redis.execute { buffer in
            Self.encode(&buffer, key: key, fields: fields, id: id, trim: trim, onlyIfExists: onlyIfExists)
        }
    }

    static func encode(
        _ buffer: inout ByteBuffer, key: String, fields: EntryFields, id: StreamID?, trim: StreamTrim?,
        onlyIfExists: Bool
    ) {
        let arguments = 3 + fields.count * 2 + (trim == nil ? 0 : StreamTrim.argumentCount) + (onlyIfExists ? 1 : 0)
        buffer.beginCommand("XADD", arguments: arguments)
        buffer.argument(key)
        if onlyIfExists { buffer.argument("NOMKSTREAM") }
        trim?.write(to: &buffer)
        if let id { buffer.argument(id) } else { buffer.argument("*") }
        fields.write(to: &buffer)
    }
}

extension Redis {
    /// The stream under a key, whether it exists yet or not; nothing is sent.
    public func stream(_ key: String) -> RedisStream {
        RedisStream(redis: self, key: key)
    }
}

extension Pipeline {
    /// Adds one XADD.
    public mutating func append(_ fields: EntryFields, to key: String, trim: StreamTrim? = nil) {
        add { buffer in
            RedisStream.encode(&buffer, key: key, fields: fields, id: nil, trim: trim, onlyIfExists: false)
        }
    }
}

extension Reply {
    /// The stream ID that a command promised.
    func streamID(_ command: String) throws -> StreamID {
        let token = storage.token(index)
        let id = token.kind == .string ? storage.withBytes(of: token) { StreamID(ascii: $0) } : nil
        guard let id else { throw StreamKitError.unexpectedReply("\(command) did not answer with an ID but \(self).") }
        return id
    }

    /// The count that a command promised.
    func count(_ command: String) throws -> Int {
        guard kind == .integer else {
            throw StreamKitError.unexpectedReply("\(command) did not answer with a number but \(self).")
        }
        return try number(command)
    }

    /// A count or a time in an answer: a number that is not negative, or its digits.
    func number(_ command: String) throws -> Int {
        guard let integer, integer >= 0 else {
            throw StreamKitError.unexpectedReply("\(command) has no number where one belongs but \(self).")
        }
        return integer
    }
}
