// What is in a stream: ranges, reads, following, length and state.
extension RedisStream {
    /// The entries of a range, oldest first (XRANGE).
    ///
    /// - Parameters:
    ///   - start: the low end of the range.
    ///   - end: the high end of the range.
    ///   - limit: the most to return; `nil` returns all, in one reply.
    /// - Returns: the entries, none if the stream does not exist.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func entries(
        from start: StreamBound = .first, to end: StreamBound = .last, limit: Int? = nil
    ) async throws -> [StreamEntry] {
        try await range("XRANGE", start, end, limit)
    }

    /// The entries of a range, newest first (XREVRANGE).
    ///
    /// The range starts at its high end.
    ///
    /// - Parameters:
    ///   - start: the high end of the range.
    ///   - end: the low end of the range.
    ///   - limit: the most to return; `nil` returns all, in one reply.
    /// - Returns: the entries, none if the stream does not exist.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func entriesReversed(
        from start: StreamBound = .last, to end: StreamBound = .first, limit: Int? = nil
    ) async throws -> [StreamEntry] {
        try await range("XREVRANGE", start, end, limit)
    }

    private func range(
        _ command: StaticString, _ start: StreamBound, _ end: StreamBound, _ limit: Int?
    ) async throws -> [StreamEntry] {
        let reply = try await redis.execute(repeatable: true) { buffer in
            buffer.beginCommand(command, arguments: limit == nil ? 4 : 6)
            buffer.argument(key)
            buffer.argument(start.argument)
            buffer.argument(end.argument)
            if let limit {
                buffer.argument("COUNT")
                buffer.argument(max(0, limit))
            }
        }
        return try StreamEntry.all(in: reply)
    }

    /// The entries after one (XREAD), waiting for the first of them if asked to.
    ///
    /// - Parameters:
    ///   - id: the entry to read after.
    ///   - limit: the most to return.
    ///   - wait: how long to wait when there is nothing after it.
    /// - Returns: nothing if the wait ended before an entry came.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func read(after id: StreamID, limit: Int? = nil, wait: ReadWait = .no) async throws -> [StreamEntry] {
        try await redis.readInRounds(
            repeatable: true, wait: wait, decode: { try $0.entriesOfOneStream() }
        ) { buffer, round in
            buffer.beginRead(ofStreams: 1, limit: limit, wait: round)
            buffer.argument(key)
            buffer.argument(id)
        }
    }

    /// How many entries it holds (XLEN); 0 if there is no such key.
    ///
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func length() async throws -> Int {
        try await redis.execute(repeatable: true) { buffer in
            buffer.beginCommand("XLEN", arguments: 2)
            buffer.argument(key)
        }.count("XLEN")
    }

    /// Follows the stream (XREAD BLOCK): first what is there after the position, then what comes.
    ///
    /// - Parameters:
    ///   - position: where to begin.
    ///   - retry: how long to keep trying when the server cannot be reached.
    /// - Returns: a sequence that goes on until the task is cancelled or reading fails for good.
    public func follow(after position: StreamPosition, retry: RetryPolicy = RetryPolicy()) -> StreamFollower {
        StreamFollower(stream: self, source: redis, position: position, retry: retry)
    }

    /// What the server knows about the stream (XINFO STREAM).
    ///
    /// - Returns: `nil` if there is no such key.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func info() async throws -> StreamInfo? {
        let reply: Reply
        do {
            reply = try await redis.execute(repeatable: true) { buffer in
                buffer.beginCommand("XINFO", arguments: 3)
                buffer.argument("STREAM")
                buffer.argument(key)
            }
        } catch let StreamKitError.server(error) where error.message.contains("no such key") {
            return nil
        }
        return try StreamInfo(reply)
    }

    /// The highest ID ever given in this stream, even if that entry is gone.
    ///
    /// - Returns: `nil` if there is no such key.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func lastID() async throws -> StreamID? {
        try await info()?.lastGeneratedID
    }
}
