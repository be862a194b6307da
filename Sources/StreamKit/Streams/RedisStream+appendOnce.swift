extension RedisStream {
    /// Appends an entry unless this message was appended before (XADD IDMP; before Redis 8.6 a script).
    ///
    /// For producers that repeat a message because they cannot know whether it arrived: after a lost reply, as
    /// StreamKit does here by itself, or after a crash. The message is remembered for 100 seconds and among the
    /// producer's last 100, unless XCFGSET was used on the stream; the portable way keeps a short-lived key
    /// `{<stream>}:once:<producer>:<message>` for each.
    /// Source: <https://redis.io/docs/latest/develop/data-types/streams/idempotency/>
    ///
    /// - Parameters:
    ///   - fields: at least one; names may repeat. Those of the first time count.
    ///   - producer: who sends; keep it over restarts, and never use it in two places at once.
    ///   - message: what tells this message from the producer's others.
    ///   - trim: drops old entries in the same step.
    /// - Returns: the ID of the entry, of the first time if the message is a repeated one.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` without fields, producer or message, another ``StreamKitError`` if
    ///   the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func appendOnce(
        _ fields: KeyValuePairs<String, String>, producer: String, message: String, trim: StreamTrim? = nil
    ) async throws -> StreamID {
        guard !fields.isEmpty, !producer.isEmpty, !message.isEmpty else {
            throw StreamKitError.invalidInput(
                "An entry to append once needs a field, a producer and a message. Nothing was appended to '\(key)'.")
        }
        let entry = (trim?.words ?? []) + ["*"] + fields.flatMap { [$0.key, $0.value] }
        let reply =
            if try await redis.capabilities().supports(.idempotentAppend) {
                try await redis.sendRepeatedly(["XADD", key, "IDMP", producer, message] + entry)
            } else {
                try await redis.runRepeatedly(
                    Self.appendOnce, keys: [key, "{\(key)}:once:\(producer):\(message)"], arguments: entry)
            }
        return try reply.streamID("XADD")
    }

    /// Remembers as long as XADD IDMP does by default, and like it forgets with the stream.
    private static let appendOnce = RedisScript(
        """
        local id = redis.call('GET', KEYS[2])
        if not id or redis.call('EXISTS', KEYS[1]) == 0 then
            id = redis.call('XADD', KEYS[1], unpack(ARGV))
            redis.call('SET', KEYS[2], id, 'PX', 100000)
        end
        return id
        """)
}

extension Redis {
    /// Sends a command that may be carried out twice, again if its reply was lost.
    fileprivate func sendRepeatedly(_ words: [String]) async throws -> Reply {
        try await execute(repeatable: true) { buffer in
            buffer.beginCommand(words: words.count)
            for word in words { buffer.word(word) }
        }
    }

    fileprivate func runRepeatedly(_ script: RedisScript, keys: [String], arguments: [String]) async throws -> Reply {
        let rest = [String(keys.count)] + keys + arguments
        do {
            return try await sendRepeatedly(["EVALSHA", script.digest] + rest)
        } catch let StreamKitError.server(error) where error.prefix == "NOSCRIPT" {
            return try await sendRepeatedly(["EVAL", script.source] + rest)
        }
    }
}

extension StreamTrim {
    fileprivate var words: [String] {
        switch self {
        case .maximumLength(let length, let exact): ["MAXLEN", exact ? "=" : "~", String(length)]
        case .minimumID(let id, let exact): ["MINID", exact ? "=" : "~", id.description]
        }
    }
}
