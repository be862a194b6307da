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
        Iterator(follower: self, reader: source.reader(of: stream.key))
    }

    /// Delivers the entries one by one; reads up to 256 of them at a time.
    public struct Iterator: AsyncIteratorProtocol {
        let follower: StreamFollower
        let reader: any EntryReader
        fileprivate var last: StreamID?
        /// What was read last and has yet to be delivered.
        fileprivate var ready: ArraySlice<StreamEntry> = []
        /// The newest IDs that were read, enough to recognise the stream they came from.
        fileprivate var history: ArraySlice<StreamID> = []

        /// The next entry, once there is one.
        ///
        /// - Throws: ``StreamKitError`` if the server refuses, or could not be reached for as long as the policy says;
        ///   `CancellationError` if cancelled.
        public mutating func next() async throws -> StreamEntry? {
            while true {
                try Task.checkCancellation()
                if let entry = ready.popFirst() {
                    last = entry.id
                    return entry
                }
                // Even an empty slice holds its entries, and with them the memory of the reply.
                ready = []
                let start = try await startingPoint()
                let round = ReadWait.atMost(follower.stream.redis.configuration.timeouts.longestBlock)
                ready = try await follower.retry.run { failures in
                    // On a connection that breaks within long replies, shorter ones still get through.
                    try await reader.read(after: start, limit: Swift.max(1, 256 >> failures), wait: round)
                }[...]
                history = (history + ready.map(\.id)).suffix(256)
                if ready.isEmpty { try await noticeNewBeginning() }
            }
        }

        private mutating func startingPoint() async throws -> StreamID {
            if let last { return last }
            let start: StreamID
            switch follower.position {
            case .beginning: start = .zero
            case .after(let id): start = id
            case .now:
                start = try await follower.retry.run { _ in try await follower.stream.lastID() ?? .zero }
                history.append(start)
            }
            last = start
            return start
        }

        /// Checks whether new entries may have lower IDs than the last one that was delivered.
        ///
        /// They do if the stream was deleted and created again with IDs of its writer's own, or by a server
        /// whose clock was set back, or if a failover lost the newest entries.
        private mutating func noticeNewBeginning() async throws {
            guard let last, history.contains(last) else { return }
            let info = try await follower.retry.run { _ in try await follower.stream.info() }
            if let info, info.lastGeneratedID >= last { return }
            let isSetBack = info?.lastEntry.map { history.contains($0.id) } ?? false
            let start = isSetBack ? info?.lastGeneratedID ?? .zero : .zero
            self.last = start
            history.append(start)
        }
    }
}
