/// The entries of a stream from a position on, for as long as one listens.
///
/// It reconnects by itself and goes on after the last entry delivered, so nothing is missed and nothing
/// comes twice. "From now on" is looked up once, at the first read. A stream that is
/// deleted and begins again is followed from its new beginning. The sequence ends by throwing:
/// `CancellationError` as soon as the task is cancelled, ``StreamKitError`` when the server refuses the
/// read (``StreamKitError/server(_:)``) or cannot be reached.
public struct StreamFollower: AsyncSequence, Sendable {
    /// One entry.
    public typealias Element = StreamEntry

    let stream: RedisStream
    let source: any EntrySource
    let position: StreamPosition
    /// How long to go on trying to reach a server that was lost.
    let retry: RetryPolicy

    /// Starts following.
    public func makeAsyncIterator() -> Iterator {
        Iterator(
            stream: stream, reader: source.reader(of: stream.key), position: position, retry: retry)
    }

    /// Delivers the entries one by one; reads up to 256 of them at a time.
    public struct Iterator: AsyncIteratorProtocol {
        let stream: RedisStream
        let reader: any EntryReader
        let position: StreamPosition
        let retry: RetryPolicy
        private var last: StreamID?
        /// What was read last, and how much of it was delivered.
        private var batch: [StreamEntry] = []
        private var delivered = 0
        /// What was delivered last, enough to recognise the stream it came from.
        private var history = History(most: 256)

        init(stream: RedisStream, reader: any EntryReader, position: StreamPosition, retry: RetryPolicy) {
            self.stream = stream
            self.reader = reader
            self.position = position
            self.retry = retry
        }

        /// The next entry, once there is one.
        ///
        /// - Throws: ``StreamKitError`` if the server refuses, or could not be reached for as long as the policy says;
        ///   `CancellationError` if cancelled.
        public mutating func next() async throws -> StreamEntry? {
            while true {
                try Task.checkCancellation()
                if delivered < batch.count {
                    let entry = batch[delivered]
                    delivered += 1
                    last = entry.id
                    return entry
                }
                history.note(batch)
                let start = try await startingPoint()
                let round = ReadWait.atMost(stream.redis.configuration.timeouts.longestBlock)
                (batch, delivered) = ([], 0)
                batch = try await retry.run { failures in
                    // On a connection that breaks within long replies, shorter ones still get through.
                    try await reader.read(after: start, limit: Swift.max(1, 256 >> failures), wait: round)
                }
                if batch.isEmpty { try await noticeNewBeginning() }
            }
        }

        private mutating func startingPoint() async throws -> StreamID {
            if let last { return last }
            let start: StreamID
            switch position {
            case .beginning: start = .zero
            case .after(let id): start = id
            case .now:
                start = try await retry.run { _ in try await stream.lastID() ?? .zero }
                history.note(start)
            }
            last = start
            return start
        }

        /// Checks whether new entries may have lower IDs than the last one that was delivered.
        ///
        /// They do if the stream was deleted and created again with IDs of its writer's own, or by a server
        /// whose clock was set back, or if a failover lost the newest entries.
        private mutating func noticeNewBeginning() async throws {
            guard let last, history.knows(last) else { return }
            let info = try await retry.run { _ in try await stream.info() }
            if let info, info.lastGeneratedID >= last { return }
            let isSetBack = info?.lastEntry.map { history.knows($0.id) } ?? false
            self.last = isSetBack ? info?.lastGeneratedID : .zero
            history.note(self.last ?? .zero)
        }
    }
}

/// The newest IDs that a reader saw.
private struct History {
    private let most: Int
    private var ids: [StreamID] = []

    init(most: Int) {
        self.most = most
    }

    mutating func note(_ entries: some Collection<StreamEntry>) {
        ids.removeFirst(max(0, min(ids.count, ids.count + entries.count - most)))
        ids += entries.lazy.map(\.id)
    }

    mutating func note(_ id: StreamID) {
        ids.append(id)
    }

    func knows(_ id: StreamID) -> Bool { ids.contains(id) }
}
