/// What a queue asks of the server: one method per script, which alone knows its arguments and the shape of its reply.
///
/// The arguments and replies are described in the scripts' headers. A reply of another shape is
/// ``StreamKitError/unexpectedReply(_:)``, and never trusted.
final class QueueCalls: Sendable {
    let redis: Redis
    let keys: QueueKeys
    let group: String
    let options: TaskQueueOptions

    /// How often a group can have been created, so that fencing tokens stay exact in a script's numbers.
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

    /// Whole milliseconds that every command takes as a time span.
    func milliseconds(_ duration: Duration) -> String {
        // Three thousand years: more would overflow where the server adds the time of day.
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
