import AgentRuns
import Logging
import ServiceLifecycle

/// Looks after the runs that wait, for as long as the server runs, even if no worker is there that would do it.
///
/// One that never came into the queue is enqueued; one whose task is gone, or that has waited too long, is ended.
struct WaitingRunsService: Service, CustomStringConvertible {
    let runs: AgentRuns
    let logger: Logger
    var description: String { "WaitingRunsService" }

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
