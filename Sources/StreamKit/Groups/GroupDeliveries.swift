/// The entries that a consumer is given: first what it still holds from before, then new ones.
///
/// It reconnects by itself. Delivery is at least once: an entry that was delivered and not acknowledged
/// comes again after a restart. The sequence ends by throwing, like ``StreamFollower``.
public struct GroupDeliveries: AsyncSequence, Sendable {
    /// One delivered entry, pending until it is acknowledged.
    public typealias Element = StreamEntry

    let consumer: GroupConsumer
    let recreationStart: StreamPosition?
    let retry: RetryPolicy

    /// Starts with the oldest entry that the consumer holds.
    public func makeAsyncIterator() -> Iterator {
        consumer.startOver()
        return Iterator(deliveries: self)
    }

    /// Delivers the entries one by one; reads up to 64 of them at a time.
    public struct Iterator: AsyncIteratorProtocol {
        let deliveries: GroupDeliveries
        fileprivate var ready: ArraySlice<StreamEntry> = []

        /// The next entry, once there is one.
        ///
        /// - Throws: ``StreamKitError`` if the server refuses, or could not be reached for as long as the policy says;
        ///   `CancellationError` if cancelled.
        public mutating func next() async throws -> StreamEntry? {
            let (consumer, retry) = (deliveries.consumer, deliveries.retry)
            while true {
                try Task.checkCancellation()
                if let entry = ready.popFirst() { return entry }
                // Lets go of the last reply's memory while it waits.
                ready = []
                do {
                    ready = try await retry.run { failures in
                        // On a connection that breaks within long replies, shorter ones still get through.
                        try await consumer.read(limit: Swift.max(1, 64 >> failures), wait: .forever)
                    }[...]
                } catch let error as StreamKitError where ["NOGROUP", "UNBLOCKED"].contains(error.serverPrefix) {
                    guard let start = deliveries.recreationStart else { throw error }
                    try await retry.run { _ in try await consumer.group.create(from: start) }
                    // A stream that begins again may begin with lower IDs.
                    consumer.startOver()
                }
            }
        }
    }
}

extension GroupConsumer {
    /// Delivers this consumer's entries: its own pending ones first, then new ones (XREADGROUP BLOCK).
    ///
    /// - Parameters:
    ///   - start: where the group starts that is created when the group or its stream does not exist, or vanishes;
    ///     `nil` throws the server's `NOGROUP` then.
    ///   - retry: how long to keep trying when the server cannot be reached.
    /// - Returns: a sequence that goes on until the task is cancelled or reading fails for good.
    public func deliveries(
        recreatingGroupFrom start: StreamPosition? = .beginning, retry: RetryPolicy = RetryPolicy()
    ) -> GroupDeliveries {
        GroupDeliveries(consumer: self, recreationStart: start, retry: retry)
    }
}
