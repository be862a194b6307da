public import StreamKit
import Tracing

/// What one attempt writes its events with.
///
/// Entries carry the attempt and their position in it. Redis refuses them once a later attempt has begun, and
/// recognises one that arrives twice because the reply to the first got lost.
public actor RunWriter {
    /// The log that it writes to.
    public nonisolated let log: RunLog
    /// What the user asked.
    public nonisolated let request: RunRequest
    /// Which attempt of the run it writes for, counting from 1.
    public nonisolated let attempt: Int
    /// Which run of the conversation it writes for, counting from 1.
    public nonisolated let run: Int

    private let onCheckpoint: @Sendable () async -> Void
    private let isTraced = RunTrace.isWanted
    /// The number by which Redis refuses earlier attempts.
    private let token: Int
    /// What Redis knows this writer by.
    private let name: String
    /// Where its last entry stands among its entries; 0 for the one with which the attempt began.
    private var position = 0
    /// An entry that failed although it may have been written: the reply was lost, or the caller cancelled.
    private var doubtful: (event: [String], position: Int)?
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(
        log: RunLog, request: RunRequest, token: Int, name: String, run: Int, attempt: Int,
        onCheckpoint: @escaping @Sendable () async -> Void
    ) {
        self.log = log
        self.request = request
        self.token = token
        self.name = name
        self.run = run
        self.attempt = attempt
        self.onCheckpoint = onCheckpoint
    }

    /// Appends an event (XADD, in the script).
    ///
    /// - Parameters:
    ///   - kind: What happened.
    ///   - text: A chunk of the answer.
    ///   - data: The details: one JSON object, already encoded.
    /// - Returns: The ID of the entry.
    /// - Throws: ``RunLogError/staleAttempt(attempt:current:)`` once another worker has taken over,
    ///   ``RunLogError/finished(_:)`` once the run has ended, ``RunLogError/full(conversationID:)`` if the log is as
    ///   long as it may be, ``RunLogError/expired(conversationID:)``, ``RunLogError/damaged(conversationID:field:)``,
    ///   a ``StreamKitError``, or `CancellationError`.
    @discardableResult
    public func append(_ kind: RunEvent.Kind, text: String? = nil, data: String? = nil) async throws -> StreamID {
        try await write(kind, (text.map { ["text", $0] } ?? []) + (data.map { ["data", $0] } ?? []))
    }

    /// Appends an event that later attempts take up from: what it tells is not done again.
    ///
    /// The queue is told that the run has made progress.
    ///
    /// - Parameters:
    ///   - kind: What was finished.
    ///   - data: The details: one JSON object, already encoded.
    /// - Returns: The ID of the entry.
    /// - Throws: As ``append(_:text:data:)``.
    @discardableResult
    public func checkpoint(_ kind: RunEvent.Kind, data: String) async throws -> StreamID {
        let id = try await append(kind, data: data)
        await onCheckpoint()
        return id
    }

    /// Appends the wish to use a tool that needs a person's word; the run can then be given back.
    func request(_ approval: ApprovalRequest) async throws {
        _ = try await write(.approvalRequested, ["approval", approval.call, "data", approval.data])
    }

    /// Ends the run well.
    ///
    /// Nothing can be added after it.
    ///
    /// - Throws: As ``append(_:text:data:)``.
    @discardableResult
    public func complete(data: String? = nil) async throws -> StreamID {
        try await append(.taskCompleted, data: data ?? #"{"status":"completed"}"#)
    }

    /// Ends the run badly.
    ///
    /// - Parameter userMessage: What the user may see; keep secrets and stack traces out of it.
    /// - Returns: The ID of the last entry.
    /// - Throws: As ``append(_:text:data:)``.
    @discardableResult
    public func fail(userMessage: String) async throws -> StreamID {
        try await write(.taskFailed, ["error", userMessage])
    }

    /// Writes an entry; the fields are names and values in turn.
    private func write(_ kind: RunEvent.Kind, _ fields: [String]) async throws -> StreamID {
        await takeTurn()
        defer { passTurn() }
        let event = [kind.rawValue, kind.isTerminal ? "1" : "0"] + fields
        guard isTraced else { return try await add(event) }
        return try await withSpan("append event") { span in
            span.describe { $0["run.event"] = kind.rawValue }
            return try await add(event)
        }
    }

    /// Adds an entry at the next position, or behind a doubtful one if that was written.
    ///
    /// The same entry again keeps its position, by which Redis recognises it. Another one must not have that
    /// position, or it would be taken for the first and be lost.
    private func add(_ event: [String]) async throws -> StreamID {
        let behind = doubtful.map { $0.event == event ? $0.position : $0.position + 1 } ?? position + 1
        do {
            return try await add(event, at: behind)
        } catch RunLogError.outOfOrder(let due, _) where due > position && due < behind {
            return try await add(event, at: due)
        }
    }

    private func add(_ event: [String], at next: Int) async throws -> StreamID {
        doubtful = (event, next)
        let reply = try await log.run(
            RunScript.append, [request.correlationID, String(token), name, String(next)] + event, token: token,
            position: next)
        guard reply.count > 1, let id = reply[1].text.flatMap(StreamID.init) else { throw RunLog.unexpected(reply) }
        (position, doubtful) = (next, nil)
        return id
    }

    // An actor lets a second call in while the first waits for Redis. Positions must leave in order, so calls queue.
    private func takeTurn() async {
        if isBusy {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isBusy = true
        }
    }

    private func passTurn() {
        if waiting.isEmpty {
            isBusy = false
        } else {
            waiting.removeFirst().resume()
        }
    }
}
