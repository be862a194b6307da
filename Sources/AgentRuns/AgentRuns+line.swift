import Foundation
import StreamKit

extension AgentRuns {
    /// Enqueues the run that stands next in line in a conversation, if no other one is open.
    ///
    /// A run that is in the queue already is not enqueued again.
    func beginNext(in conversation: String) async throws {
        guard let next = try await log(of: conversation).scripts.oldestOpenRun(), next.attempts == 0,
            let request = try await waiting.request(of: next.correlationID)
        else { return }
        try await enqueue(request)
    }
}

extension RunLog {
    /// Whether another run of the conversation has to end before this one may begin.
    func isBehindAnother(_ request: RunRequest) async throws -> Bool {
        guard let oldest = try await scripts.oldestOpenRun() else { return false }
        return oldest.correlationID != request.correlationID
    }
}

extension WaitingRuns {
    /// What the user asked (HGET); `nil` for a run that does not wait.
    func request(of correlationID: String) async throws -> RunRequest? {
        let text = try await redis.send("HGET", keys[1], "request:\(correlationID)").text
        return text.flatMap { try? JSONDecoder().decode(RunRequest.self, from: Data($0.utf8)) }
    }
}
