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
        /// XDELEX deletes with regard to what groups still hold (Redis 8.2).
        case deleteWithReferences = "XDELEX"
        /// XREADGROUP CLAIM reads new entries and abandoned ones at once (Redis 8.4).
        case claimingRead = "XREADGROUP CLAIM"
        /// XADD IDMP appends a repeated message only once (Redis 8.6).
        case idempotentAppend = "XADD IDMP"
        /// XNACK gives an entry back (Redis 8.8).
        case negativeAcknowledge = "XNACK"
    }

    /// What the server calls itself, such as `redis` or `valkey`; `nil` if this user is not allowed to ask.
    public let product: String?
    /// The server's version, such as `8.2.3`; `nil` if this user is not allowed to ask.
    public let version: String?
    /// The features that the server has.
    ///
    /// They are empty if this user is not allowed to ask (``isKnown``); StreamKit then uses the portable way.
    public let features: Set<Feature>
    /// Whether the server said which commands it has.
    ///
    /// If it did not, the usual reason is an ACL that forbids COMMAND.
    public let isKnown: Bool

    /// Whether the server has a feature, as far as it said.
    public func supports(_ feature: Feature) -> Bool { features.contains(feature) }
}

extension ServerCapabilities {
    /// Whole commands, asked for by name.
    private static let commands: [Feature] = [.acknowledgeAndDelete, .deleteWithReferences, .negativeAcknowledge]
    /// Options of older commands, found in their documentation.
    private static let options: [(feature: Feature, command: String, token: String)] = [
        (.claimingRead, "XREADGROUP", "CLAIM"), (.idempotentAppend, "XADD", "IDMP"),
    ]

    /// The three questions that ``init(answers:)`` wants answered.
    static let questions: [[String]] = [
        ["HELLO"], ["COMMAND", "INFO"] + commands.map(\.rawValue), ["COMMAND", "DOCS"] + options.map(\.command),
    ]

    init(answers: [Reply]) {
        let hello = Self.pairs(answers[0])
        product = hello["server"]?.text
        version = hello["version"]?.text
        isKnown = answers[1].kind == .array
        let known = zip(Self.commands, answers[1].elements ?? []).filter { $1.elements?.isEmpty == false }.map(\.0)
        let documents = Self.pairs(answers[2])
        let documented = Self.options.filter { option in
            documents[option.command.lowercased()].map { Self.names(option.token, in: $0) } == true
        }
        features = Set(known + documented.map(\.feature))
    }

    /// Whether a command's documentation has an argument with that token, at whatever depth.
    private static func names(_ token: String, in documentation: Reply) -> Bool {
        guard let elements = documentation.elements else { return false }
        return zip(elements, elements.dropFirst()).contains { $0.text == "token" && $1.text == token }
            || elements.contains { names(token, in: $0) }
    }

    /// A list of names and values in turn, as RESP2 writes a map.
    private static func pairs(_ reply: Reply) -> [String: Reply] {
        let elements = reply.elements ?? []
        let keys = stride(from: 0, to: elements.count - 1, by: 2).map { (elements[$0].text ?? "", elements[$0 + 1]) }
        return Dictionary(keys, uniquingKeysWith: { first, _ in first })
    }
}
