import Foundation
import StreamKit

extension AgentRuns {
    /// Submits a request once, however often it is sent with the same key (SET NX GET).
    ///
    /// The key is kept as long as the run may wait and its log is kept after that.
    ///
    /// - Parameters:
    ///   - claim: The request.
    ///   - key: What its sender calls it; keys of different senders must differ.
    ///   - inLine: Whether the run waits for the end of those of the conversation that are open; otherwise it is refused.
    ///   - caller: Who asks, for the limit per caller.
    /// - Returns: The claim that the key stands for: this one, or that of an earlier request. Compare them with
    ///   ``RunClaim/asksTheSame(as:)``.
    /// - Throws: What ``submit(_:onlyIfIdle:inLine:caller:)`` throws; the key then stands for nothing.
    public func submit(
        _ claim: RunClaim, once key: String, inLine: Bool = false, caller: String?
    ) async throws -> RunClaim {
        let name = names.claim(key)
        let life = max(1, (retention.maximumWait + retention.timeToLive).wholeMilliseconds)
        let reply = try await redis.send(
            "SET", name, try RunJSON.text(of: claim), "NX", "GET", "PX", String(life))
        guard let text = reply.text else {
            do {
                try await submit(claim.request, onlyIfIdle: !inLine, inLine: inLine, caller: caller)
            } catch let refusal as RunLogError {
                // A repeat must not find the key and lose it again.
                try? await redis.send("DEL", name)
                throw refusal
            } catch {
                // Unstructured, because the caller has its answer meanwhile.
                Task { _ = try? await redis.send("DEL", name) }
                throw error
            }
            return claim
        }
        guard let kept = try? JSONDecoder().decode(RunClaim.self, from: Data(text.utf8)) else {
            throw StreamKitError.unexpectedReply("The key '\(name)' does not hold a claim. Remove it from Redis.")
        }
        // The server of the first request died before it accepted the run, or is about to.
        if try await log(of: kept.request.conversationID).stage(of: kept.request) == .unknown {
            try await submit(kept.request, onlyIfIdle: !inLine, inLine: inLine, caller: caller)
        }
        return kept
    }
}
