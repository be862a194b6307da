/// What a queue asks of the server: one method per script.
///
/// Only that method knows the script's arguments and the shape of its reply; the scripts' headers describe both.
/// A reply of another shape is ``StreamKitError/unexpectedReply(_:)``, and never trusted.
final class QueueCalls: Sendable {
    let redis: Redis
    let keys: QueueKeys
    let group: String
    let options: TaskQueueOptions

    /// The most often that a group can have been created: up to here a script's numbers hold fencing tokens exactly.
    static let generations = 1..<2_097_151

    init(redis: Redis, key: String, group: String, options: TaskQueueOptions) {
        self.redis = redis
        self.group = group
        self.options = options
        keys = QueueKeys(stream: key)
    }

    func run(_ script: RedisScript, _ arguments: [String], moreKeys: [String] = []) async throws -> Reply {
        try await redis.run(script, keys: keys.ofScripts + moreKeys, arguments: arguments)
    }

    /// A time span in whole milliseconds that every command accepts.
    func milliseconds(_ duration: Duration) -> String {
        // This is three thousand years: more would overflow when the server adds the time of day.
        String(min(max(duration.wholeMilliseconds, 0), 100_000_000_000_000))
    }

    func unexpected(_ what: String, _ reply: Reply) -> StreamKitError {
        let text = String("\(reply)".prefix(200))
        return .unexpectedReply("\(what) of queue '\(keys.normal)' was answered with something else: \(text)")
    }

    var limitsOfDeadLetters: [String] {
        [String(max(options.maximumDeadLetters, 0)), milliseconds(options.deadLetterRetention)]
    }
}
