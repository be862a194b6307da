/// What to do when a group, or its stream, is missing.
public enum MissingGroup: Sendable, Hashable {
    /// Throw the server's `NOGROUP`.
    case fail
    /// Create it again and go on.
    case recreate(from: StreamPosition)
}

/// The entries that a consumer is given: first what it still holds from before, then new ones.
///
/// It reconnects by itself. Delivery is at least once: an entry that was delivered and not acknowledged
/// comes again after a restart. The sequence ends by throwing, like ``StreamFollower``.
public struct GroupDeliveries: AsyncSequence, Sendable {
    /// One delivered entry, pending until it is acknowledged.
    public typealias Element = StreamEntry

    let consumer: GroupConsumer
    let ifMissing: MissingGroup
    let retry: RetryPolicy

    /// Starts with the oldest entry that the consumer holds.
    public func makeAsyncIterator() -> Iterator {
        Iterator(consumer: consumer, ifMissing: ifMissing, retry: retry)
    }

    /// Delivers the entries one by one; reads up to 64 of them at a time.
    public struct Iterator: AsyncIteratorProtocol {
        let consumer: GroupConsumer
        let ifMissing: MissingGroup
        let retry: RetryPolicy
        /// The last pending entry seen; `nil` once all of them were.
        private var pendingAfter: StreamID? = .zero
        private var highest = StreamID.zero
        private var ready: ArraySlice<StreamEntry> = []
        private var budget: RetryBudget<ContinuousClock>
        /// Entries that were found pending: they may come once more, in the late reply to a cancelled read.
        private var listed = History(most: 1024)

        init(consumer: GroupConsumer, ifMissing: MissingGroup, retry: RetryPolicy) {
            self.consumer = consumer
            self.ifMissing = ifMissing
            self.retry = retry
            budget = RetryBudget(retry)
        }

        /// The next entry, once there is one.
        public mutating func next() async throws -> StreamEntry? {
            while true {
                try Task.checkCancellation()
                if let entry = ready.popFirst() {
                    highest = Swift.max(highest, entry.id)
                    return entry
                }
                do {
                    try await fill()
                } catch let error as StreamKitError {
                    try await recover(from: error)
                }
            }
        }

        private mutating func fill() async throws {
            // On a connection that breaks within long replies, shorter ones still get through.
            let limit = Swift.max(1, 64 >> budget.failures)
            if let after = pendingAfter {
                let held = try await consumer.ownPendingPage(after: after, limit: limit)
                pendingAfter = held.last
                ready = held.entries[...]
                listed.note(ready)
            } else {
                let late = consumer.takeLate(limit).filter { !listed.knows($0.id) }
                ready = late.isEmpty ? try await consumer.readNew(limit: limit, wait: .forever)[...] : late[...]
            }
            budget.reset()
        }

        private mutating func recover(from error: StreamKitError) async throws {
            if error.isTransient {
                // The lost reply may have delivered entries: they are pending now, after the last one seen.
                pendingAfter = pendingAfter ?? highest
                return try await budget.wait(after: error)
            }
            guard case .recreate(let start) = ifMissing,
                error.serverPrefix == "NOGROUP" || error.serverPrefix == "UNBLOCKED"
            else { throw error }
            try await retry.run { _ in try await consumer.group.create(from: start) }
            // A stream that begins again may begin with lower IDs.
            highest = .zero
        }
    }
}

extension GroupConsumer {
    /// Delivers this consumer's entries: its own pending ones first, then new ones (XREADGROUP BLOCK).
    ///
    /// - Parameters:
    ///   - ifMissing: what to do when the group or its stream does not exist, or vanishes.
    ///   - retry: how long to keep trying when the server cannot be reached.
    /// - Returns: a sequence that goes on until the task is cancelled or reading fails for good.
    public func deliveries(
        ifGroupIsMissing ifMissing: MissingGroup = .recreate(from: .beginning), retry: RetryPolicy = RetryPolicy()
    ) -> GroupDeliveries {
        GroupDeliveries(consumer: self, ifMissing: ifMissing, retry: retry)
    }
}
