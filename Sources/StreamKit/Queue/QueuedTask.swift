/// One task in a worker's hands.
public struct QueuedTask<Payload: Codable & Sendable>: Sendable {
    /// What was enqueued.
    public let payload: Payload
    let lease: Lease
    let calls: QueueCalls

    /// Names the task for all of its life; a retry keeps it.
    public var id: StreamID { lease.task }
    /// Which attempt this is, from 1.
    ///
    /// Attempts that a worker handed back or died over are counted here, though they are not failures of the task.
    public var attempt: Int { lease.delivered.attempt }
    /// Whether the queue gives the task up if this attempt fails.
    ///
    /// The queue decides this: attempts that were handed back and deaths of workers do not count.
    public var isLastAttempt: Bool { lease.delivered.chargedFailures + 1 >= calls.options.maximumAttempts }
    /// How the attempt before this one ended; `nil` for the first.
    public var formerEnd: AttemptEnd? { lease.delivered.formerEnd }

    /// A number that only grows from one attempt to the next, so that whatever stores it can refuse a writer
    /// with a lower one.
    ///
    /// The attempt, unless somebody deleted the queue's group: a new group delivers the same entries again, so the
    /// number of groups there have been goes before the attempt. It is below 2^53, so it stays exact in JSON and Lua.
    public var fencingToken: Int { (lease.generation - 1) << 32 + attempt }

    /// Tells the queue that the task has come further than ever before, for example that a checkpoint was written.
    ///
    /// The queue gives a task up after too many of its workers died (``TaskQueueOptions/maximumWorkerDeaths``).
    /// From here on it counts their deaths from 0 again.
    ///
    /// - Throws: ``TaskLeaseLost`` if another worker has the task; otherwise a ``StreamKitError``.
    public func madeProgress() async throws {
        try await calls.madeProgress(lease)
    }

    /// Runs one Redis command on condition that this attempt still holds the task.
    ///
    /// Check and command are one atomic script, so a worker that was paused past its lease cannot write
    /// after another one took over. In a cluster the key must share the queue's slot.
    ///
    /// - Parameters:
    ///   - arguments: The command, for example `["INCR", "{agent-tasks}:sent"]`, of any length.
    ///   - key: The key that the command touches.
    /// - Returns: The command's reply.
    /// - Throws: ``TaskLeaseLost`` if another worker has the task; otherwise a ``StreamKitError``.
    public func sendIfHeld(_ arguments: [String], key: String) async throws -> Reply {
        try await calls.send(arguments, key: key, ifHeld: lease)
    }

    /// Runs one Redis command and completes the task with it, both or neither, if this attempt still holds it.
    ///
    /// This makes an effect in the same Redis happen exactly once, however many attempts it takes. The handler
    /// should return afterwards; what it returns or throws changes nothing any more.
    ///
    /// - Parameters:
    ///   - arguments: The command, for example `["INCR", "{agent-tasks}:sent"]`.
    ///   - key: The key that the command touches.
    /// - Returns: The command's reply.
    /// - Throws: ``TaskLeaseLost`` if another worker has the task, or if this was a repeat and the first try went
    ///   through; otherwise a ``StreamKitError``.
    @discardableResult
    public func complete(sending arguments: [String], key: String) async throws -> Reply {
        try await calls.send(arguments, key: key, ifHeld: lease, completing: true)
    }
}

/// This attempt no longer holds its task: another worker took it over, or it was cancelled or completed.
public struct TaskLeaseLost: Error, CustomStringConvertible {
    /// The task that was lost.
    public let task: StreamID

    /// Says which task was lost and what follows from it.
    public var description: String {
        "the lease of task \(task) was lost: another worker has it, or it was cancelled; nothing was written"
    }
}

/// A failure that another attempt would only repeat: the task goes to the dead letters at once.
public struct PermanentTaskFailure: Error, CustomStringConvertible {
    /// Why the task cannot succeed.
    public let description: String

    /// A failure with its reason, which is recorded with the dead letter.
    public init(_ reason: String) { description = reason }
}
