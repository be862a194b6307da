// Ranges, reads, deleting and trimming; and how XREAD is written and its answer read.
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
}

extension Redis {
    /// Reads from several streams at once (XREAD): what comes after the given ID in each.
    ///
    /// - Parameters:
    ///   - positions: the key of each stream, and the ID to read after.
    ///   - limit: the most entries per stream.
    ///   - wait: how long to wait when there is nothing in any of them.
    /// - Returns: the entries by key; a stream without new entries is left out.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func read(
        _ positions: [(key: String, after: StreamID)], limit: Int? = nil, wait: ReadWait = .no
    ) async throws -> [String: [StreamEntry]] {
        guard !positions.isEmpty else { return [:] }
        return try await readInRounds(
            repeatable: true, wait: wait, decode: { try $0.entriesByStream() }
        ) { buffer, round in
            buffer.beginRead(ofStreams: positions.count, limit: limit, wait: round)
            for position in positions { buffer.argument(position.key) }
            for position in positions { buffer.argument(position.after) }
        }
    }
}

extension ByteBuffer {
    /// Begins an XREAD; the caller adds the keys, then as many IDs.
    fileprivate mutating func beginRead(ofStreams count: Int, limit: Int?, wait: ReadWait) {
        beginCommand("XREAD", arguments: 2 + count * 2 + (limit == nil ? 0 : 2) + (wait == .no ? 0 : 2))
        writeReadOptions(limit: limit, wait: wait)
        argument("STREAMS")
    }

    mutating func writeReadOptions(limit: Int?, wait: ReadWait) {
        if let limit {
            argument("COUNT")
            argument(limit)
        }
        switch wait {
        case .no: break
        case .atMost(let duration):
            argument("BLOCK")
            // BLOCK 0 would wait forever.
            argument(max(1, duration.wholeMilliseconds))
        case .forever:
            argument("BLOCK")
            argument(0)
        }
    }
}

extension Reply {
    /// The entries in an answer of XREAD or XREADGROUP, by stream.
    func entriesByStream() throws -> [String: [StreamEntry]] {
        guard let streams = elements else { return [:] }
        var result: [String: [StreamEntry]] = [:]
        for stream in streams {
            let (key, entries) = try stream.keyAndEntries()
            result[key.text ?? ""] = try StreamEntry.all(in: entries)
        }
        return result
    }

    /// The entries in an answer about a single stream.
    func entriesOfOneStream() throws -> [StreamEntry] {
        let streams = storage.token(index)
        guard streams.kind == .array, streams.value > 0 else { return [] }
        return try StreamEntry.all(in: Reply(storage: storage, index: index + 1).keyAndEntries().entries)
    }

    private func keyAndEntries() throws -> (key: Reply, entries: Reply) {
        let pair = storage.token(index)
        guard pair.kind == .array, pair.value == 2 else {
            throw StreamKitError.unexpectedReply("A stream's part of the reply is not a pair of key and entries.")
        }
        return (Reply(storage: storage, index: index + 1), Reply(storage: storage, index: index + 2))
    }
}
