// Streams of a client: one by its key, several read at once, and how every blocking read waits.

extension Redis: EntrySource {
    /// The stream under a key, whether it exists yet or not; nothing is sent.
    public func stream(_ key: String) -> RedisStream {
        RedisStream(redis: self, key: key)
    }

    /// A reader that asks the server each time: the stream itself.
    public func reader(of key: String) -> any EntryReader { stream(key) }

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

    /// Repeats a read until it brings something or the wait is over.
    ///
    /// A long wait consists of rounds, each of which the server has to answer. So a server or a network that
    /// died silently is noticed.
    func readInRounds<Entries: Collection>(
        repeatable: Bool, wait: ReadWait,
        decode: (Reply) throws -> Entries, _ encode: (inout ByteBuffer, ReadWait) -> Void
    ) async throws -> Entries {
        guard wait != .no else { return try await decode(execute(repeatable: repeatable) { encode(&$0, .no) }) }
        let end = wait.duration.map { ContinuousClock.now + $0 }
        let longest = configuration.timeouts.longestBlock
        var rest = wait.duration
        var hasty = 0
        while true {
            let round = min(rest ?? longest, longest)
            let start = ContinuousClock.now
            let reply = try await executeBlocking(repeatable: repeatable, delivery: !repeatable, wait: .atMost(round)) {
                encode(&$0, .atMost(round))
            }
            let entries = try decode(reply)
            if !entries.isEmpty { return entries }
            rest = end.map { ContinuousClock.now.duration(to: $0) }
            if let rest, rest <= .zero { return entries }
            guard start.duration(to: .now) < round / 2 else {
                hasty = 0
                continue
            }
            // A server that does not wait would be asked thousands of times a second.
            hasty += 1
            let pause = RetryBackoff(initial: .milliseconds(20), maximum: .seconds(1)).delay(afterFailures: hasty)
            try await Task.sleep(for: min(pause, rest ?? pause))
        }
    }
}

extension ByteBuffer {
    /// Begins an XREAD; the caller adds the keys, then as many IDs.
    mutating func beginRead(ofStreams count: Int, limit: Int?, wait: ReadWait) {
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
