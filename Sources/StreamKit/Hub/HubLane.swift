/// The streams that one connection waits for, and which of them it asks for next.
///
/// A blocking XREAD costs the server some 30 µs, and another 0.7 µs for each stream that it names, news or not. So the
/// streams that lately had news are asked for by themselves, and all of them together ten times a second. That makes
/// the cost of an entry independent of how many quiet streams are followed as well. The alternative, a message that the
/// writer publishes, costs 65 µs an entry, and tells nothing of writers that do not publish.
struct HubLane {
    /// One XREAD.
    struct Round {
        let keys: [String]
        let wait: ReadWait
        /// How long to leave the server alone afterwards, so that a lane takes one percent of its time at most.
        var pause: Duration { keys.count < 10 ? .zero : .microseconds(100) * keys.count }
    }

    /// How many streams one connection serves.
    static let capacity = 128
    /// How long a quiet stream may go unread while others have news.
    static let longestNeglect = Duration.milliseconds(100)
    /// How long a stream counts as busy after its last news.
    static let busyTime = Duration.seconds(1)

    /// When each stream last had news, or joined.
    private(set) var lastNews: [String: ContinuousClock.Instant] = [:]
    private var nextFullRound: ContinuousClock.Instant?
    /// Ends the read that is under way, if there is one.
    var interrupt: (@Sendable () -> Void)?
    /// Whether a stream joined or left since the last round began.
    var hasChanged = false

    mutating func add(_ key: String, _ now: ContinuousClock.Instant) {
        lastNews[key] = now
        hasChanged = true
    }

    mutating func remove(_ key: String) {
        lastNews[key] = nil
        // A stream too many in a round does no harm; a connection without any is to be given back.
        if lastNews.isEmpty { hasChanged = true }
    }

    mutating func noteNews(of key: String, _ now: ContinuousClock.Instant) {
        if lastNews[key] != nil { lastNews[key] = now }
    }

    /// The next XREAD.
    mutating func nextRound(_ now: ContinuousClock.Instant) -> Round {
        (hasChanged, interrupt) = (false, nil)
        let busy = lastNews.compactMap { now - $0.value < Self.busyTime ? $0.key : nil }
        if busy.isEmpty || busy.count * 2 > lastNews.count {
            nextFullRound = nil
            return Round(keys: Array(lastNews.keys), wait: .atMost(.seconds(1)))
        }
        if let nextFullRound, now < nextFullRound {
            return Round(keys: busy, wait: .atMost(nextFullRound - now))
        }
        nextFullRound = now + Self.longestNeglect
        return Round(keys: Array(lastNews.keys), wait: .no)
    }
}

/// How many entries of a stream a lane reads at once: fewer where they are large or the connection breaks.
struct HubLimit {
    private var entries = 64

    /// The limit for the next read.
    func after(failures: Int) -> Int { max(1, entries >> failures) }

    /// Keeps what one reply brings below some megabytes.
    mutating func learn(from streams: some Collection<[StreamEntry]>) {
        let bytes = streams.reduce(0) { $0 + $1.reduce(0) { $0 + $1.byteCount } }
        if bytes > 1 << 20 { entries = max(1, entries / 4) } else { entries = min(64, entries * 2) }
    }
}
