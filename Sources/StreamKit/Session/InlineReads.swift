/// Decides whether the sender of a lone command reads the reply itself.
///
/// The usual way wakes the I/O thread, which wakes one of Swift's threads; each costs as much as the server's whole
/// work. A sender that looks for the reply itself pays neither. It does so only after several exchanges in a row that
/// nobody joined and that took about the time it may look. So a server far away is never waited for in this way.
///
/// It looks without blocking, and gives its core away between two looks, for at most ``longest``: 2.6 times as many
/// lone XADDs as hiredis in a blocking loop, and through the I/O thread 0.24 to 0.75 times, on two cores.
struct InlineReads {
    /// How long a sender may keep one of Swift's threads, in nanoseconds.
    static let longest: UInt64 = 100_000
    private static let longestSample: UInt64 = 4_000_000
    private static let enoughAlone = 4

    /// Whether a sender ever reads: not where it may have to wait for long, nor where there is only one core.
    let isEnabled: Bool
    /// How many exchanges in a row nobody joined.
    private var streak = 0
    /// The command that found nothing under way, and when that was.
    private var ticket: UInt64 = 0
    private var began: UInt64 = 0
    /// How long such exchanges took lately, in nanoseconds.
    private var expected: UInt64 = .max

    init(isEnabled: Bool) {
        self.isEnabled = isEnabled
    }

    /// A command found nothing under way: true if its sender is to read the reply.
    mutating func begin(_ ticket: UInt64, _ now: UInt64) -> Bool {
        (self.ticket, began) = (ticket, now)
        // A reply that takes twice as long, the detour included, may come in time without it.
        return streak >= Self.enoughAlone && expected < 2 * Self.longest
    }

    /// Another command found this one under way: nobody is alone.
    mutating func join() {
        (streak, ticket) = (0, 0)
    }

    /// A command was answered, and nothing is under way any more.
    mutating func answered(_ ticket: UInt64, _ clock: () -> UInt64) {
        guard isEnabled, ticket == self.ticket else { return }
        // Capped, or one long pause would count for as much as a hundred short ones.
        let sample = min(clock() &- began, Self.longestSample)
        expected = expected == .max ? sample : (expected * 3 + sample) / 4
        streak += 1
    }

    /// A sender looked in vain: it takes about a dozen quick replies until it is tried again.
    mutating func missed() {
        expected = 10 * Self.longest
    }
}
