import Synchronization

/// A worker's claim to one task: who holds it, and which delivery it was.
///
/// All that a script needs to check it, and what the worker knows of how it ended.
final class TaskHold: Sendable {
    /// Why a handler was cancelled, or that it has already completed its task itself.
    enum Ending: UInt8, AtomicRepresentable, Sendable { case none, leaseLost, timedOut, shutdown, completed }

    let redis: Redis
    let keys: QueueKeys
    let group: String
    let consumer: String
    let stream: QueuePriority
    let entry: StreamID
    let task: StreamID
    let deliveries: Int
    /// How often the group had been made when this was delivered.
    let generation: Int
    /// Tells this hold from all others of the worker.
    let serial: Int
    private let state = Atomic(Ending.none)
    private let wasRenewed = Atomic(false)

    init(
        _ delivered: DeliveredTask, queue: (redis: Redis, keys: QueueKeys, group: String), consumer: String,
        serial: Int
    ) {
        (redis, keys, group) = queue
        self.consumer = consumer
        stream = delivered.stream
        entry = delivered.entry
        task = delivered.task
        deliveries = delivered.deliveries
        generation = delivered.generation
        self.serial = serial
    }

    var ending: Ending { state.load(ordering: .acquiring) }

    /// Notes how it ended; the first to say so is right.
    func end(_ ending: Ending) -> Bool {
        state.compareExchange(expected: .none, desired: ending, ordering: .acquiringAndReleasing).exchanged
    }

    func markRenewed() { wasRenewed.store(true, ordering: .relaxed) }

    /// One entry whose ID is the task's, delivered once, with nothing noted about it elsewhere.
    var isPlain: Bool { deliveries == 1 && entry == task && !wasRenewed.load(ordering: .relaxed) }

    /// The arguments with which scripts for a single task start.
    var arguments: [String] {
        [stream.rawValue, group, consumer, "\(entry)", String(deliveries), String(generation)]
    }

    func send(_ words: [String], key: String) async throws -> Reply {
        try await checked {
            try await redis.run(
                QueueScripts.sendIfHeld, keys: keys.all + [key], arguments: arguments + words)
        }
    }

    func complete(sending words: [String], key: String) async throws -> Reply {
        let reply = try await checked {
            try await redis.run(
                QueueScripts.completeWith, keys: keys.all + [key], arguments: arguments + ["\(task)"] + words)
        }
        _ = end(.completed)
        return reply
    }

    /// Refuses what is known to be lost without asking, and says so when the server refuses.
    private func checked(_ step: () async throws -> Reply) async throws -> Reply {
        guard ending == .none else { throw TaskLeaseLost(task: task) }
        do {
            return try await step()
        } catch StreamKitError.server(let error) where error.isLeaseLoss {
            throw TaskLeaseLost(task: task)
        }
    }
}

extension ServerError {
    /// Without the group nobody holds anything, so a missing group is a lost lease too.
    var isLeaseLoss: Bool { prefix == "LEASELOST" || prefix == "NOGROUP" }
}
