/// The entries of a stream from a position on, for as long as one listens.
///
/// A lost connection is made anew and reading goes on after the last entry delivered, so nothing is
/// missed and nothing comes twice. "From now on" is looked up once, at the first read. The sequence ends
/// by throwing: `CancellationError` as soon as the task is cancelled, ``StreamKitError`` when the server
/// refuses the read (``StreamKitError/server(_:)``) or cannot be reached.
public struct StreamFollower: AsyncSequence, Sendable {
    /// One entry.
    public typealias Element = StreamEntry

    let stream: RedisStream
    let position: StreamPosition
    /// How long to go on trying to reach a server that was lost.
    let patience: Duration

    /// Starts following.
    public func makeAsyncIterator() -> Iterator {
        Iterator(stream: stream, position: position, patience: patience)
    }

    /// Delivers the entries one by one; reads up to 256 of them at a time.
    public struct Iterator: AsyncIteratorProtocol {
        let stream: RedisStream
        let position: StreamPosition
        let patience: Duration
        private var last: StreamID?
        private var ready: ArraySlice<StreamEntry> = []

        init(stream: RedisStream, position: StreamPosition, patience: Duration) {
            self.stream = stream
            self.position = position
            self.patience = patience
        }

        /// The next entry, once there is one.
        public mutating func next() async throws -> StreamEntry? {
            while true {
                try Task.checkCancellation()
                if let entry = ready.popFirst() {
                    last = entry.id
                    return entry
                }
                let start = try await startingPoint()
                ready = try await Reconnecting.attempt(for: patience) { failures in
                    // On a line that breaks within long replies, shorter ones still get through.
                    try await stream.read(after: start, limit: Swift.max(1, 256 >> failures), wait: .forever)[...]
                }
            }
        }

        private mutating func startingPoint() async throws -> StreamID {
            if let last { return last }
            let start: StreamID
            switch position {
            case .beginning: start = .zero
            case .after(let id): start = id
            case .now: start = try await stream.lastID() ?? .zero
            }
            last = start
            return start
        }
    }
}

extension RedisStream {
    /// Follows the stream (XREAD BLOCK): first what is there after the position, then what comes.
    ///
    /// - Parameters:
    ///   - position: where to begin.
    ///   - patience: how long to keep trying when the server cannot be reached.
    /// - Returns: a sequence that goes on until the task is cancelled or reading fails for good.
    public func follow(after position: StreamPosition, patience: Duration = .seconds(60)) -> StreamFollower {
        StreamFollower(stream: self, position: position, patience: patience)
    }
}

/// Repeats reads that a broken connection interrupted.
enum Reconnecting {
    /// Runs a read until it succeeds, or fails for another reason than the connection, or time is up.
    static func attempt<R>(for patience: Duration, _ read: (_ failures: Int) async throws -> R) async throws -> R {
        var failures = 0
        var firstFailure: ContinuousClock.Instant?
        while true {
            do {
                return try await read(failures)
            } catch let error as StreamKitError {
                let began = firstFailure ?? .now
                firstFailure = began
                guard error.isConnectionFailure, began.duration(to: .now) < patience else { throw error }
                failures += 1
                if failures > 1 { try await Task.sleep(for: .nanoseconds(Connection.backoff(attempt: failures))) }
            }
        }
    }
}

extension StreamKitError {
    /// Whether the connection failed, rather than the command.
    var isConnectionFailure: Bool {
        switch self {
        case .connectionLost, .cannotConnect, .timedOut: true
        case .invalidInput, .server, .unexpectedReply, .closed: false
        }
    }
}
