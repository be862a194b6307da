import Synchronization

/// Ends a turn whose model keeps it waiting.
///
/// It sleeps at most as long as the shortest limit. A new deadline lies at least that far ahead, so none is missed.
final class Watchdog: Sendable {
    /// What is waited for.
    enum Awaited: String {
        case firstToken = "send a first token"
        case nextToken = "send another token"
        case turn = "finish its turn"
    }

    private let clock: TurnClock
    private let limits: ModelLimits
    private let next: Mutex<(deadline: Duration, awaited: Awaited)>

    init(_ limits: ModelLimits, clock: TurnClock) {
        self.clock = clock
        self.limits = limits
        next = Mutex((limits.turn, .turn))
    }

    /// Sets a new deadline.
    func await(_ awaited: Awaited) {
        let deadline = clock.elapsed() + limit(of: awaited)
        next.withLock { $0 = awaited == .turn || deadline > limits.turn ? (limits.turn, .turn) : (deadline, awaited) }
    }

    /// Whether a pause ends before the turn has to.
    func hasTime(for pause: Duration) -> Bool { clock.elapsed() + pause < limits.turn }

    /// Waits until a deadline has passed, or the task is cancelled.
    ///
    /// - Throws: ``ModelError`` that says what did not come, or `CancellationError`.
    func watch() async throws {
        let shortest = min(limits.firstToken, limits.nextToken)
        while true {
            let (deadline, awaited) = next.withLock { $0 }
            let left = deadline - clock.elapsed()
            guard left > .zero else { throw late(awaited) }
            try await clock.sleep(min(left, shortest))
        }
    }

    private func limit(of awaited: Awaited) -> Duration {
        switch awaited {
        case .firstToken: limits.firstToken
        case .nextToken: limits.nextToken
        case .turn: limits.turn
        }
    }

    private func late(_ awaited: Awaited) -> ModelError {
        ModelError("The model did not \(awaited.rawValue) within \(limit(of: awaited)).", mayPass: true)
    }
}
