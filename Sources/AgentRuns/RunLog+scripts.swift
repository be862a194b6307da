import StreamKit

// How everything enters a log: through scripts, which Redis carries out as one step each. ``RunLog`` and its
// ``RunWriter`` alone know the order of their arguments and the shape of their replies; the header of each file in
// `Scripts/` says what it takes and answers.
// Source: <https://redis.io/docs/latest/develop/programmability/eval-intro/>

/// The scripts of a log: one per file in `Scripts/`, behind what they have in common.
enum RunScript {
    static let accept = script(PackageResources.accept_lua)
    static let begin = script(PackageResources.begin_lua)
    static let append = script(PackageResources.append_lua)
    static let close = script(PackageResources.close_lua)
    static let cancel = script(PackageResources.cancel_lua)
    static let decide = script(PackageResources.decide_lua)
    static let approvals = script(PackageResources.approvals_lua)
    static let oldestOpen = script(PackageResources.oldest_open_lua)

    private static func script(_ file: [UInt8]) -> RedisScript {
        RedisScript(file: PackageResources.prelude_lua + file)
    }
}

extension RunLog {
    /// Writes down what a person decided about a call of a run.
    func decide(_ decision: ApprovalDecision, run correlationID: String) async throws {
        let kind = RunEvent.Kind.approvalDecided.rawValue
        _ = try await run(
            RunScript.decide,
            [correlationID, decision.call, RandomID().hex, kind, "data", try SortedJSON.text(of: decision)])
    }

    /// How many calls of a run a person has decided about, and which ones wait.
    func approvals(of correlationID: String) async throws -> (decided: Int, waiting: [String]) {
        let reply = try await run(RunScript.approvals, [correlationID])
        guard reply.count > 1, let decided = reply[1].integer else { throw Self.unexpected(reply) }
        return (decided, reply.dropFirst(2).compactMap(\.text))
    }

    /// The open run that comes first; `nil` if none is open.
    func oldestOpenRun() async throws -> (correlationID: String, attempts: Int)? {
        let reply = try await run(RunScript.oldestOpen, [])
        guard reply.count > 2, let id = reply[1].text, let attempts = reply[2].integer else {
            throw Self.unexpected(reply)
        }
        return id.isEmpty ? nil : (id, attempts)
    }

    /// Runs a script, again if the connection breaks: a repeat is recognised and changes nothing.
    ///
    /// - Returns: The reply: `ok`, and what the script's header says of the rest.
    func run(
        _ script: RedisScript, _ arguments: [String], token: Int = 0, position: Int = 0,
        retrying policy: RetryPolicy = RetryPolicy(
            limit: nil, maximumRetries: 6, backoff: RetryBackoff(initial: .milliseconds(50), maximum: .seconds(2)))
    ) async throws -> [Reply] {
        let reply: Reply
        do {
            reply = try await policy.run { _ in
                try await redis.run(script, keys: [stream.key, stateKey], arguments: limits + arguments)
            }
        } catch StreamKitError.server(let error) where error.message.contains("exhausted the last possible ID") {
            throw damaged("last_id")
        }
        let parts = reply.elements ?? []
        let detail = parts.count > 1 ? parts[1] : nil
        switch parts.first?.text {
        case "ok": return parts
        case "stale": throw RunLogError.staleAttempt(attempt: token, current: detail?.integer ?? 0)
        case "finished": throw RunLogError.finished(RunEvent.Kind(rawValue: detail?.text ?? ""))
        case "expired": throw RunLogError.expired(conversationID: conversationID)
        case "busy": throw RunLogError.busy(conversationID: conversationID)
        case "order": throw RunLogError.outOfOrder(expected: detail?.integer ?? 0, sent: position)
        case "full": throw RunLogError.full(conversationID: conversationID)
        case "unknown": throw RunLogError.unknownCall
        case "decided": throw RunLogError.decided
        case "damaged": throw damaged(detail?.text ?? "")
        default: throw Self.unexpected(parts)
        }
    }

    /// What the scripts' first arguments say: how long the log may be, and how long it is kept.
    private var limits: [String] {
        let milliseconds = [retention.timeToLive, retention.maximumWait + retention.timeToLive].map {
            String(max(1, $0.wholeMilliseconds))
        }
        return [String(retention.maximumLength), String(retention.maximumLength + retention.maximumRunLength)]
            + milliseconds
    }

    static func unexpected(_ reply: [Reply]) -> StreamKitError {
        .unexpectedReply("A script of the run log answered something that it never answers: \(reply)")
    }
}
