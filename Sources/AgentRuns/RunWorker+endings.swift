import Foundation
import Logging
import StreamKit

extension RunWorker {
    /// Ends the runs that the queue gave up without a word from their worker, because it died.
    ///
    /// Every worker does this for every dead letter, including those from before its own time whose log may still be
    /// there: the second one to come finds the run ended, so none is forgotten when a worker dies here too.
    func closeAbandonedRuns() async throws {
        for try await letter in runs.queue.deadLetterStream.follow(after: .after(try await oldestOfInterest())) {
            guard let payload = letter["payload"],
                let request = try? JSONDecoder().decode(RunRequest.self, from: Data(payload.utf8))
            else { continue }
            do {
                try await runs.log(of: request.conversationID).close(request, userMessage: Self.givenUp)
                try await runs.waiting.remove([request.correlationID])
            } catch is RunLogError {
                // It ended by itself, nobody can be watching any more, or nobody can tell how it stands.
            } catch let error as StreamKitError where !error.isTransient {
                runs.queue.options.logger.warning(
                    "the run of dead letter \(letter.id) cannot be closed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// A log lives on for a while after its last event, and so does the need for one.
    private func oldestOfInterest() async throws -> StreamID {
        let seconds = try await runs.redis.send("TIME").elements?.first?.text.flatMap { UInt64($0) } ?? 0
        let life = runs.retention.maximumWait + runs.retention.timeToLive + .seconds(60)
        let (start, isEarlier) = seconds.subtractingReportingOverflow(UInt64(clamping: life.components.seconds))
        let (milliseconds, isTooLarge) = start.multipliedReportingOverflow(by: 1_000)
        return StreamID(milliseconds: isEarlier || isTooLarge ? 0 : milliseconds, sequence: 0)
    }

    /// Does something that lasts as long as the worker, again after each end or failure.
    func persistently(_ what: String, _ body: () async throws -> Void) async {
        while !Task.isCancelled {
            do {
                try await body()
            } catch {
                if Task.isCancelled { return }
                runs.queue.options.logger.warning(
                    "could not \(what) of queue \(runs.queue.key); trying again", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(2))
        }
    }
}
