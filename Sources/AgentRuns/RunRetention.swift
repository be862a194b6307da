public import Foundation
import StreamKit

/// How long a run's log is kept, and how long it may grow.
public struct RunRetention: Hashable, Sendable {
    /// The time after the last event of a run at which Redis forgets the conversation.
    public var timeToLive: Duration
    /// How long a run may wait for a worker.
    ///
    /// After that it ends with `task_failed`. While a run is open its log stays for this long, and
    /// ``timeToLive``, after every event.
    public var maximumWait: Duration = .seconds(3_600)
    /// About how many entries a log keeps when a new run begins; the oldest go first.
    ///
    /// The entries of an open run all stay, because a later attempt takes up from them.
    public var maximumLength: Int
    /// How many entries one run may add, about; a longer one fails.
    public var maximumRunLength: Int = 100_000

    /// Ten minutes and 10,000 entries, unless told otherwise.
    public init(timeToLive: Duration = .seconds(600), maximumLength: Int = 10_000) {
        self.timeToLive = timeToLive
        self.maximumLength = maximumLength
    }

    /// Takes the time to live from `REDIS_STREAM_TTL_MINUTES`, or the default where it is not set.
    ///
    /// - Throws: ``StreamKitError/invalidInput(_:)`` if the variable is not a number above zero.
    public static func fromEnvironment(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> RunRetention {
        guard let text = environment["REDIS_STREAM_TTL_MINUTES"], !text.isEmpty else { return RunRetention() }
        guard let minutes = Double(text), minutes > 0, minutes <= 5_256_000 else {
            throw StreamKitError.invalidInput(
                "REDIS_STREAM_TTL_MINUTES is '\(text)'. Set it to a number of minutes above zero, for example 10.")
        }
        return RunRetention(timeToLive: .milliseconds(max(1, Int64(minutes * 60_000))))
    }
}
