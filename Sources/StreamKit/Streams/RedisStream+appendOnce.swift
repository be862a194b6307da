// Appending for producers that repeat a message: with XADD IDMP, or a script where the server does not have it.
extension RedisStream {
    /// Appends an entry unless this message was appended before (XADD IDMP; before Redis 8.6 a script).
    ///
    /// For producers that repeat a message because they cannot know whether it arrived: after a lost reply, as
    /// StreamKit does here by itself, or after a crash. The message is remembered for 100 seconds and among the
    /// producer's last 100, unless XCFGSET was used on the stream; the portable way keeps a short-lived key
    /// for each, named after stream, producer and message.
    /// Source: <https://redis.io/docs/latest/develop/data-types/streams/idempotency/>
    ///
    /// - Parameters:
    ///   - fields: at least one; names may repeat. For a repeated message the first call's fields stay.
    ///   - producer: the sender's name; keep it across restarts, and never use it in two places at once.
    ///   - message: a name that no other message of this producer has.
    ///   - trim: drops old entries in the same step.
    /// - Returns: the ID of the entry; for a repeated message that of the first call.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` without fields, producer or message, another ``StreamKitError`` if
    ///   the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func appendOnce(
        _ fields: EntryFields, producer: String, message: String, trim: StreamTrim? = nil
    ) async throws -> StreamID {
        guard !fields.isEmpty, !producer.isEmpty, !message.isEmpty else {
            throw StreamKitError.invalidInput(
                "An entry to append once needs a field, a producer and a message. Nothing was appended to '\(key)'.")
        }
        let reply =
            if try await redis.capabilities().supports(.idempotentAppend) {
                try await redis.execute(repeatable: true) { buffer in
                    buffer.beginCommand("XADD", arguments: 5 + fields.argumentCount(trim: trim))
                    buffer.argument(key)
                    buffer.argument("IDMP")
                    buffer.argument(producer)
                    buffer.argument(message)
                    fields.write(trim: trim, to: &buffer)
                }
            } else {
                try await redis.run(
                    Self.script, keys: [key, memory(of: message, by: producer)],
                    argumentCount: fields.argumentCount(trim: trim), repeatable: true
                ) { fields.write(trim: trim, to: &$0) }
            }
        return try reply.streamID("XADD")
    }

    private static let script = RedisScript(
        file: PackageResources.append_prelude_lua + PackageResources.append_once_lua)

    /// The key that remembers a message where the server does not do so itself.
    private func memory(of message: String, by producer: String) -> String {
        // The length distinguishes producer `a:b`, message `c` from producer `a`, message `b:c`.
        CompanionKey.named("once:\(producer.utf8.count):\(producer):\(message)", of: key)
    }
}
