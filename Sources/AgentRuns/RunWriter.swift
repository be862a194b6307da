import StreamKit

/// The pen of one attempt: everything a worker says about a run goes through it.
///
/// Entries carry the attempt and their position in it. Redis refuses them once a later attempt has begun, and
/// recognises one that arrives twice because the reply to the first got lost.
public actor RunWriter {
    /// The log that it writes to.
    public nonisolated let log: RunLog
    /// Which attempt it writes for, counting from 1.
    public nonisolated let attempt: Int
    /// Which run of the conversation it writes for, counting from 1.
    public nonisolated let run: Int
    /// The entry with which the attempt began.
    public nonisolated let startID: StreamID

    private var address: RunAddress
    /// An entry that failed although it may have been written: the reply was lost, or the caller cancelled.
    private var doubtful: (words: [String], position: Int)?
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(log: RunLog, address: RunAddress, startID: StreamID, run: Int) {
        self.log = log
        self.address = address
        self.startID = startID
        self.run = run
        attempt = address.attempt
    }

    /// Appends an event (XADD, in the script).
    ///
    /// - Parameters:
    ///   - kind: What happened.
    ///   - text: A chunk of the answer.
    ///   - data: The details: one JSON object, already encoded.
    /// - Returns: The ID of the entry.
    /// - Throws: ``RunLogError/staleAttempt(attempt:current:)`` once another worker has taken over.
    @discardableResult
    public func append(_ kind: RunEvent.Kind, text: String? = nil, data: String? = nil) async throws -> StreamID {
        try await write(kind, text: text, data: data)
    }

    /// Appends an event whose details are encoded to JSON.
    @discardableResult
    public func append(
        _ kind: RunEvent.Kind, text: String? = nil, data: some Encodable & Sendable
    ) async throws -> StreamID {
        try await write(kind, text: text, data: try RunJSON.text(of: data))
    }

    /// Ends the run well.
    ///
    /// Nothing can be added after it.
    @discardableResult
    public func complete(data: String? = nil) async throws -> StreamID {
        try await write(.taskCompleted, data: data ?? #"{"status":"completed"}"#)
    }

    /// Ends the run badly.
    ///
    /// - Parameter userMessage: What the user may see; keep secrets and stack traces out of it.
    /// - Returns: The ID of the last entry.
    /// - Throws: ``RunLogError`` if a later attempt has begun, or the run has ended or expired; ``StreamKitError`` if
    ///   the server refuses or cannot be reached; `CancellationError` if cancelled.
    @discardableResult
    public func fail(userMessage: String) async throws -> StreamID {
        try await write(.taskFailed, error: userMessage)
    }

    /// Ends the run because somebody called it off.
    @discardableResult
    public func cancel() async throws -> StreamID {
        try await write(.taskCancelled)
    }

    private func write(
        _ kind: RunEvent.Kind, text: String? = nil, data: String? = nil, error: String? = nil
    ) async throws -> StreamID {
        await takeTurn()
        defer { passTurn() }
        var fields: [(String, String)] = []
        if let text { fields.append(("text", text)) }
        if let data { fields.append(("data", data)) }
        if let error { fields.append(("error", error)) }
        if kind.isTerminal { fields.append(("done", "true")) }
        return try await add(kind, fields)
    }

    /// Adds an entry at the next position, or behind a doubtful one if that was written.
    ///
    /// The same entry again keeps its position, by which Redis recognises it. Another one must not have that
    /// position, or it would be taken for the first and be lost.
    private func add(_ kind: RunEvent.Kind, _ fields: [(String, String)]) async throws -> StreamID {
        let words = [kind.rawValue] + fields.flatMap { [$0, $1] }
        let behind = doubtful.map { $0.words == words ? $0.position : $0.position + 1 } ?? address.position + 1
        do {
            return try await add(kind, fields, words, at: behind)
        } catch RunLogError.outOfOrder(let due, _) where due > address.position && due < behind {
            return try await add(kind, fields, words, at: due)
        }
    }

    private func add(
        _ kind: RunEvent.Kind, _ fields: [(String, String)], _ words: [String], at position: Int
    ) async throws -> StreamID {
        var next = address
        next.position = position
        doubtful = (words, position)
        let id = try await log.add(.append, next, kind: kind, fields: fields).id
        (address, doubtful) = (next, nil)
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
