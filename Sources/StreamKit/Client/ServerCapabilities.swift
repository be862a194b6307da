/// What the server offers beyond Redis 7.0, as it says itself.
///
/// StreamKit uses a newer command where it is there and the portable way elsewhere, under one name:
/// ``ConsumerGroup/acknowledgeAndDelete(_:)``, ``GroupConsumer/read(claimingIdleFor:limit:wait:)`` and
/// ``RedisStream/appendOnce(_:producer:message:trim:)``.
/// Source: <https://redis.io/docs/latest/commands/command-info/>
public struct ServerCapabilities: Sendable, Hashable {
    /// A newer command, or a newer option of an older one.
    public enum Feature: String, CaseIterable, Sendable {
        /// XACKDEL acknowledges and deletes in one step (Redis 8.2).
        case acknowledgeAndDelete = "XACKDEL"
        /// XREADGROUP CLAIM reads new entries and abandoned ones at once (Redis 8.4).
        case claimingRead = "XREADGROUP CLAIM"
        /// XADD IDMP appends a repeated message only once (Redis 8.6).
        case idempotentAppend = "XADD IDMP"
    }

    /// What the server calls itself, such as `redis` or `valkey`; `nil` if this user is not allowed to ask.
    public let product: String?
    /// The server's version, such as `8.2.3`; `nil` if this user is not allowed to ask.
    public let version: String?
    /// The features that the server has; none if this user is not allowed to ask, see ``isKnown``.
    public let features: Set<Feature>
    /// Whether the server said which commands it has.
    ///
    /// If it did not, the usual reason is an ACL that forbids COMMAND. StreamKit then uses the portable way.
    public let isKnown: Bool

    /// Whether the server has a feature, as far as it said.
    public func supports(_ feature: Feature) -> Bool { features.contains(feature) }
}

extension ServerCapabilities {
    /// Asks what ``init(_:)`` wants answered.
    static func ask(_ pipeline: inout Pipeline) {
        pipeline.add("HELLO")
        pipeline.add("COMMAND", "INFO", "XACKDEL")
        pipeline.add("COMMAND", "DOCS", "XREADGROUP", "XADD")
    }

    /// Reads the answers; `nil` stands for an error.
    init(_ answers: [Reply?]) {
        let hello = answers[0]?.dictionary ?? [:]
        product = hello["server"]?.text
        version = hello["version"]?.text
        isKnown = answers[1]?.kind == .array
        // What is known of a command is an array; in place of one that the server does not have, there is a null.
        var features: Set<Feature> =
            answers[1]?.elements?.first?.elements?.isEmpty == false ? [.acknowledgeAndDelete] : []
        let documents = answers[2]?.dictionary ?? [:]
        if Self.names("CLAIM", in: documents["xreadgroup"]) { features.insert(.claimingRead) }
        if Self.names("IDMP", in: documents["xadd"]) { features.insert(.idempotentAppend) }
        self.features = features
    }

    /// Whether a command's documentation has an argument with that token, at whatever depth.
    private static func names(_ token: String, in documentation: Reply?) -> Bool {
        guard let elements = documentation?.elements else { return false }
        return zip(elements, elements.dropFirst()).contains { $0.text == "token" && $1.text == token }
            || elements.contains { names(token, in: $0) }
    }
}
