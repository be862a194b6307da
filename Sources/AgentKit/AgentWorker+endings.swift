import AgentRuns
import Foundation
import Logging
import StreamKit

extension AgentWorker {
    /// Interrupts the runs of this worker that are called off.
    func stopCancelledRuns() async throws {
        try await RunCancellations(redis: redis, queueKey: queue.key).follow { running.callOff($0) }
    }

    /// Ends the runs that the queue gave up without a word from their worker, because it died.
    ///
    /// Every worker does this for every dead letter, also for those from before its own time whose log may still be
    /// there: the second one to come finds the run ended, so none is forgotten when a worker dies here too.
    func closeAbandonedRuns() async throws {
        for try await letter in queue.deadLetterStream.follow(after: .after(try await oldestOfInterest())) {
            guard let payload = letter["payload"],
                let request = try? JSONDecoder().decode(RunRequest.self, from: Data(payload.utf8))
            else { continue }
            let attempts = letter["attempts"].flatMap { Int($0) } ?? Int(Int32.max)
            do {
                try await log(of: request).close(request, attempts: attempts, userMessage: Self.givenUp)
            } catch is RunLogError {
                // It ended by itself, or nobody can be watching any more.
            }
        }
    }

    /// A log lives on for its retention after the last event, and so does the need for a last one.
    private func oldestOfInterest() async throws -> StreamID {
        let seconds = try await redis.send("TIME").elements?.first?.text.flatMap { UInt64($0) } ?? 0
        let life = UInt64(max(0, retention.timeToLive.components.seconds)) + 60
        return StreamID(milliseconds: seconds > life ? (seconds - life) * 1_000 : 0, sequence: 0)
    }

    /// Does something that lasts as long as the worker, again after each failure.
    func persistently(_ what: String, _ body: () async throws -> Void) async {
        while !Task.isCancelled {
            do {
                try await body()
            } catch {
                if Task.isCancelled { return }
                queue.options.logger.warning("could not \(what) of queue \(queue.key): \(error); trying again")
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
