import AgentRuns
import Logging
import ServiceLifecycle

/// Looks after the runs that wait, for as long as the server runs: one that never came into the queue is enqueued,
/// even if no worker is there that would find it.
struct WaitingRunsService: Service {
    let runs: AgentRuns
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown { try await lookAfterWaitingRuns() }
    }

    private func lookAfterWaitingRuns() async throws {
        var isFailing = false
        while true {
            try await Task.sleep(for: .seconds(2))
            do {
                try await runs.lookAfterWaitingRuns()
                isFailing = false
            } catch {
                try Task.checkCancellation()
                if !isFailing {
                    logger.warning("could not look after waiting runs; trying again", metadata: ["error": "\(error)"])
                }
                isFailing = true
            }
        }
    }
}
