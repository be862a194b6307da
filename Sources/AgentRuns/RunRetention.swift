import StreamKit
import Foundation

/// How long a run's log is kept, and how long it may grow.
public struct RunRetention: Hashable, Sendable {
    /// The time after the last event at which Redis forgets the conversation.
    public var timeToLive: Duration
    /// About how many entries a log keeps; the oldest go first (`MAXLEN ~`).
    public var maximumLength: Int

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
