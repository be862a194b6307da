/// Decides whether a command that failed is sent again, and waits until it is time to.
///
/// Only what the server surely did not carry out is repeated, and what may be carried out twice.
struct Retry {
    /// How often a lost reply is asked for again.
    private static let mostLostReplies = 2

    private let isRepeatable: Bool
    private let deadline: UInt64
    private var failures = 0
    private var lostReplies = 0
    private var sawDemotedPrimary = false

    /// Repeats a command that began at `start` for as long as its timeout lasts.
    init(_ configuration: RedisConfiguration, repeatable: Bool, since start: UInt64 = Connection.roughNow()) {
        isRepeatable = repeatable
        deadline = start &+ configuration.commandTimeout.nanoseconds
    }

    /// Returns when the command is to be sent again.
    /// - Throws: the error itself if it is not, `CancellationError` if cancelled meanwhile.
    mutating func pause(after error: StreamKitError) async throws {
        switch error {
        case .connectionLost(_, let isUnknown)
        where (isRepeatable || !isUnknown) && lostReplies < Self.mostLostReplies:
            lostReplies += 1
        case .server(let reason) where reason.isTemporary:
            failures += 1
            let pause = Connection.backoff(attempt: failures)
            guard Connection.now() &+ pause < deadline else { throw error }
            try await Task.sleep(for: .nanoseconds(pause))
        case .server(let reason) where reason.isFromDemotedPrimary && !sawDemotedPrimary:
            sawDemotedPrimary = true
        default:
            throw error
        }
    }
}
