import Dispatch
import Foundation
import StreamKit
import Synchronization

// The server's process: what blocks runs on the queue, one call after the other.
extension LocalRedis {
    func launch(acceptsLoading: Bool) async throws {
        try await withTaskCancellationHandler {
            let outcome: Result<Void, any Error> = await perform {
                Result { try self.startAndWait(acceptsLoading: acceptsLoading) }
            }
            try outcome.get()
        } onCancel: {
            state.withLock { $0.isAbandoned = true }
        }
    }

    private func startAndWait(acceptsLoading: Bool) throws {
        guard let lifeline = state.withLock({ $0.lifeline }) else { throw StreamKitError.closed }
        let server = try lifeline.start(command, output: logPath)
        state.withLock { $0.server = server }
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let answer = try LocalSocket.ping(socket)
            if answer == .ready || (answer == .loading && acceptsLoading) { return }
            try check(server, deadline)
            usleep(2_000)
        }
    }

    private func check(_ server: ChildProcess, _ deadline: ContinuousClock.Instant) throws {
        if state.withLock({ $0.isAbandoned }) { throw CancellationError() }
        if server.hasEnded() {
            forget()
            throw StreamKitError.cannotConnect("\(command[0]) ended as it started. Its last words:\n\(log())")
        }
        if ContinuousClock.now >= deadline {
            throw StreamKitError.cannotConnect("\(command[0]) does not answer after 30 s. Its last words:\n\(log())")
        }
    }

    func end(within grace: Duration) {
        guard let server = state.withLock({ $0.server }) else { return }
        server.send(grace == .zero ? SIGKILL : SIGTERM)
        if !server.waits(atMost: grace) {
            server.send(SIGKILL)
            server.reap()
        }
        forget()
    }

    private func forget() {
        state.withLock {
            $0.server = nil
            $0.lifeline?.serverHasEnded()
        }
    }

    func perform<R: Sendable>(_ work: @escaping @Sendable () -> R) async -> R {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }

    var logPath: String { directory + "/redis.log" }

    func log() -> String {
        let text = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(8).joined(separator: "\n")
    }
}
