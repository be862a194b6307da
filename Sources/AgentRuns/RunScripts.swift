import StreamKit

/// The scripts through which everything enters a run's log: one method per file in `Scripts/`.
///
/// This type alone knows the order of their arguments and the shape of their replies; each file's header says what it
/// takes and answers. Source: <https://redis.io/docs/latest/develop/programmability/eval-intro/>
struct RunScripts: Sendable {
    /// Who writes, and how far that writer has come.
    struct Address: Sendable {
        var correlationID: String
        /// The number by which Redis refuses earlier attempts.
        var token: Int
        var writer: String
        /// Where the writer's last entry stands among its entries; 0 for the one with which the attempt began.
        var position = 0
    }

    /// What a new entry tells.
    struct Event: Equatable, Sendable {
        let kind: RunEvent.Kind
        /// Names and values in turn.
        let words: [String]

        init(kind: RunEvent.Kind, fields: [(String, String)] = []) {
            self.kind = kind
            words = fields.flatMap { [$0, $1] }
        }

        /// The end of a run that went wrong; the user may read the message.
        static func failure(_ message: String) -> Self { Self(kind: .taskFailed, fields: [("error", message)]) }
    }

    let redis: Redis
    let conversationID: String
    let stateKey: String
    let retention: RunRetention

    private static let acceptScript = script(PackageResources.accept_lua)
    private static let beginScript = script(PackageResources.begin_lua)
    private static let appendScript = script(PackageResources.append_lua)
    private static let closeScript = script(PackageResources.close_lua)
    private static let cancelScript = script(PackageResources.cancel_lua)
    private static let decideScript = script(PackageResources.decide_lua)
    private static let approvalsScript = script(PackageResources.approvals_lua)
    private static let oldestOpenScript = script(PackageResources.oldest_open_lua)

    private static func script(_ file: [UInt8]) -> RedisScript {
        RedisScript(file: PackageResources.prelude_lua + file)
    }

    func accept(
        _ correlationID: String, onlyIfIdle: Bool, data: String, trace: String, owner: String?
    ) async throws {
        _ = try await run(
            Self.acceptScript,
            [correlationID, onlyIfIdle ? "1" : "0", RunEvent.Kind.progress.rawValue, data, trace, owner ?? ""])
    }

    func begin(
        _ address: Address, cause: AttemptCause? = nil, mayOpen: Bool, data: String, task: StreamID?
    ) async throws -> (run: Int, attempt: Int) {
        let reply = try await run(
            Self.beginScript,
            [
                address.correlationID, String(address.token), address.writer, mayOpen ? "1" : "0",
                RunEvent.Kind.taskStarted.rawValue, data, RunEvent.Kind.attempt.rawValue, task.map { "\($0)" } ?? "",
                cause?.rawValue ?? "",
            ], token: address.token)
        guard reply.count > 3, let run = reply[2].integer, let attempt = reply[3].integer else {
            throw Self.unexpected(reply)
        }
        return (run, attempt)
    }

    func append(_ event: Event, _ address: Address) async throws -> StreamID {
        let reply = try await run(
            Self.appendScript,
            [
                address.correlationID, String(address.token), address.writer, String(address.position),
                event.kind.rawValue, event.kind.isTerminal ? "1" : "0",
            ] + event.words, token: address.token, position: address.position)
        guard reply.count > 1, let id = reply[1].text.flatMap(StreamID.init) else { throw Self.unexpected(reply) }
        return id
    }

    func close(_ correlationID: String, onlyWaiting: Bool, _ event: Event) async throws {
        _ = try await run(
            Self.closeScript,
            [correlationID, onlyWaiting ? "waiting" : "any", RandomID().hex, event.kind.rawValue] + event.words)
    }

    /// Is sent once: a repeat after a lost reply would say that nothing was open.
    func cancel(_ event: Event) async throws -> [(correlationID: String, task: StreamID?)] {
        let reply = try await run(Self.cancelScript, [event.kind.rawValue] + event.words, retrying: .never)
        let values = reply.dropFirst().map { $0.text ?? "" }
        return stride(from: 0, to: values.count - 1, by: 2).map { (values[$0], StreamID(values[$0 + 1])) }
    }

    func decide(_ correlationID: String, call: String, _ event: Event) async throws {
        _ = try await run(
            Self.decideScript, [correlationID, call, RandomID().hex, event.kind.rawValue] + event.words)
    }

    func approvals(of correlationID: String) async throws -> (decided: Int, waiting: [String]) {
        let reply = try await run(Self.approvalsScript, [correlationID])
        guard reply.count > 1, let decided = reply[1].integer else { throw Self.unexpected(reply) }
        return (decided, reply.dropFirst(2).compactMap(\.text))
    }

    /// The open run that comes first; `nil` if none is open.
    func oldestOpenRun() async throws -> (correlationID: String, attempts: Int)? {
        let reply = try await run(Self.oldestOpenScript, [])
        guard reply.count > 2, let id = reply[1].text, let attempts = reply[2].integer else {
            throw Self.unexpected(reply)
        }
        return id.isEmpty ? nil : (id, attempts)
    }

    /// Runs a script, again if the connection breaks: a repeat is recognised and changes nothing.
    private func run(
        _ script: RedisScript, _ arguments: [String], token: Int = 0, position: Int = 0,
        retrying policy: RetryPolicy = RetryPolicy(
            limit: nil, maximumRetries: 6, backoff: RetryBackoff(initial: .milliseconds(50), maximum: .seconds(2)))
    ) async throws -> [Reply] {
        let keys = [RunNames.log(of: conversationID), stateKey]
        let reply: Reply
        do {
            reply = try await policy.run { _ in
                try await redis.run(script, keys: keys, arguments: limits + arguments)
            }
        } catch StreamKitError.server(let error) where error.message.contains("exhausted the last possible ID") {
            throw RunLogError.damaged(conversationID: conversationID, field: "last_id")
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
        case "unknown": throw ApprovalError.unknown
        case "decided": throw ApprovalError.decided
        case "damaged": throw RunLogError.damaged(conversationID: conversationID, field: detail?.text ?? "")
        default: throw Self.unexpected(parts)
        }
    }

    private var limits: [String] {
        let milliseconds = [retention.timeToLive, retention.maximumWait + retention.timeToLive].map {
            String(max(1, $0.wholeMilliseconds))
        }
        return [String(retention.maximumLength), String(retention.maximumLength + retention.maximumRunLength)]
            + milliseconds
    }

    private static func unexpected(_ reply: [Reply]) -> StreamKitError {
        .unexpectedReply("A script of the run log answered something that it never answers: \(reply)")
    }
}
