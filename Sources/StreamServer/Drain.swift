import HTTPTypes
import Synchronization

/// Whether the server is about to stop: it then takes no new runs, while those who watch are still served.
final class Drain: Sendable {
    private let hasBegun = Atomic(false)

    var isOn: Bool { hasBegun.load(ordering: .relaxed) }

    func begin() { hasBegun.store(true, ordering: .relaxed) }

    /// Refuses what another process should begin.
    func check() throws {
        if isOn { throw Problem.shuttingDown }
    }
}

extension Problem {
    static let shuttingDown = Problem(
        status: .serviceUnavailable, code: "shutting_down", message: "The server is stopping. Try again soon.",
        headers: [.retryAfter: "2"])
}
