/// What a hub knows: the streams that are followed, how far each was read, and who waits.
///
/// It does no I/O.
struct HubState {
    /// A follower that waits for something after its position.
    struct Waiter {
        let position: StreamID
        let deadline: ContinuousClock.Instant?
        let continuation: CheckedContinuation<Void, any Error>
    }

    struct Topic {
        var readers = 0
        /// The newest entries; `nil` until a reader has come to the end of the stream.
        var window: RecentWindow<StreamEntry>?
        var lane = 0
        var waiters: [UInt64: Waiter] = [:]
        /// When the window last grew.
        var grown: ContinuousClock.Instant?
    }

    /// What a reader finds after its position.
    enum Look {
        case entries([StreamEntry])
        /// Nothing yet, and the hub will notice what comes.
        case nothing
        /// Only Redis knows.
        case unknown
    }

    /// How large the entries of a window are in total: enough for followers that are a little late.
    static let windowSize = 64 << 10
    /// How long entries stay in a window.
    static let windowTime = Duration.seconds(2)

    private(set) var topics: [String: Topic] = [:]
    private(set) var lanes: [Int: HubLane] = [:]
    private var lastLane = 0

    // MARK: Readers

    mutating func join(_ key: String) {
        topics[key, default: Topic()].readers += 1
    }

    /// - Returns: what ends the read that waits for this stream alone.
    mutating func leave(_ key: String) -> (@Sendable () -> Void)? {
        topics[key]?.readers -= 1
        guard topics[key]?.readers == 0, let topic = topics.removeValue(forKey: key) else { return nil }
        lanes[topic.lane]?.remove(key)
        return lanes[topic.lane].flatMap { $0.hasChanged ? $0.interrupt : nil }
    }

    func look(_ key: String, after position: StreamID, limit: Int) -> Look {
        guard let window = topics[key]?.window, window.covers(position) else { return .unknown }
        let entries = window.elements(after: position, limit: limit)
        return entries.isEmpty ? .nothing : .entries(entries)
    }

    /// Waits from here on for what comes after a position, because Redis has nothing after it.
    ///
    /// A window that begins further on belongs to a stream that was deleted or set back.
    /// - Returns: the lane, whether it has yet to be started, and what ends its read so that it notices the stream.
    mutating func begin(
        _ key: String, at position: StreamID, _ now: ContinuousClock.Instant
    ) -> (lane: Int, isNew: Bool, interrupt: (@Sendable () -> Void)?)? {
        guard var topic = topics[key], topic.window?.covers(position) != true else { return nil }
        let isFollowed = topic.window != nil
        topic.window = RecentWindow(at: position, maximumSize: Self.windowSize)
        defer { topics[key] = topic }
        if isFollowed {
            lanes[topic.lane]?.hasChanged = true
            return (topic.lane, false, lanes[topic.lane]?.interrupt)
        }
        let free = lanes.filter { $0.value.lastNews.count < HubLane.capacity }.keys.min()
        if free == nil { lastLane += 1 }
        topic.lane = free ?? lastLane
        lanes[topic.lane, default: HubLane()].add(key, now)
        return (topic.lane, free == nil, lanes[topic.lane]?.interrupt)
    }

    /// Makes readers ask Redis, because the window holds entries of a stream that is gone.
    /// - Returns: the waiters, which wait for what comes after those entries.
    mutating func distrustWindow(of key: String) -> [Waiter] {
        guard var topic = topics[key], topic.window != nil else { return [] }
        topic.window = RecentWindow(at: .maximum, maximumSize: 0)
        defer { topics[key] = topic }
        let waiters = Array(topic.waiters.values)
        topic.waiters = [:]
        return waiters
    }

    /// Keeps a waiter, unless there is something for it already.
    mutating func wait(_ ticket: UInt64, _ key: String, _ waiter: Waiter) -> Bool {
        guard case .nothing = look(key, after: waiter.position, limit: 1) else { return false }
        topics[key]?.waiters[ticket] = waiter
        return true
    }

    mutating func stopWaiting(_ ticket: UInt64, _ key: String) -> Waiter? {
        topics[key]?.waiters.removeValue(forKey: ticket)
    }

    // MARK: Lanes

    /// What a lane reads next; `nil` if nothing is left for it, and it is gone.
    mutating func nextRound(
        of lane: Int, _ now: ContinuousClock.Instant
    ) -> (HubLane.Round, [(key: String, after: StreamID)])? {
        guard lanes[lane]?.lastNews.isEmpty == false, let round = lanes[lane]?.nextRound(now) else {
            lanes[lane] = nil
            return nil
        }
        return (round, round.keys.compactMap { key in topics[key]?.window.map { (key: key, after: $0.end) } })
    }

    /// Says how to end the read that begins.
    /// - Returns: false if it should not begin, because streams joined meanwhile.
    mutating func began(_ lane: Int, interrupt: @escaping @Sendable () -> Void) -> Bool {
        guard lanes[lane]?.hasChanged == false else { return false }
        lanes[lane]?.interrupt = interrupt
        return true
    }

    /// Takes in what was read after a position.
    /// - Returns: the waiters that have something to read now.
    mutating func take(
        _ entries: [StreamEntry], of key: String, after position: StreamID, _ now: ContinuousClock.Instant
    ) -> [Waiter] {
        // The stream may have been left, and followed again from elsewhere, while the reply was on its way.
        guard var topic = topics[key], topic.window?.end == position else { return [] }
        for entry in entries { topic.window?.append(entry, id: entry.id, size: entry.byteCount) }
        topic.grown = now
        let end = topic.window?.end ?? position
        let woken = topic.waiters.filter { $0.value.position < end }
        for ticket in woken.keys { topic.waiters[ticket] = nil }
        topics[key] = topic
        lanes[topic.lane]?.noteNews(of: key, now)
        return Array(woken.values)
    }

    /// Drops entries that are no longer recent, and gives back the waiters of a lane whose time is up.
    mutating func expire(_ lane: Int, _ now: ContinuousClock.Instant) -> [Waiter] {
        var late: [Waiter] = []
        for key in lanes[lane]?.lastNews.keys.map({ $0 }) ?? [] {
            if let grown = topics[key]?.grown, now - grown > Self.windowTime {
                topics[key]?.window?.forget()
                topics[key]?.grown = nil
            }
            for (ticket, waiter) in topics[key]?.waiters ?? [:] where waiter.deadline.map({ $0 <= now }) ?? false {
                topics[key]?.waiters[ticket] = nil
                late.append(waiter)
            }
        }
        return late
    }

    /// Stops reading a stream; the next reader asks Redis.
    mutating func abandon(_ key: String) -> [Waiter] {
        guard let topic = topics[key] else { return [] }
        lanes[topic.lane]?.remove(key)
        topics[key]?.window = nil
        topics[key]?.waiters = [:]
        return Array(topic.waiters.values)
    }
}
