import Synchronization

/// Who holds tasks: a consumer of a queue's group.
///
/// An object, because every task in hand refers to all of this.
final class Claimant: Sendable {
    let redis: Redis
    let keys: QueueKeys
    let group: String
    let consumer: String

    init(redis: Redis, keys: QueueKeys, group: String, consumer: String) {
        self.redis = redis
        self.keys = keys
        self.group = group
        self.consumer = consumer
    }
}

/// A worker's claim to one task: who holds it, and which delivery it was.
///
/// All that a script needs to check it, and what the worker knows of how it ended.
final class TaskHold: Sendable {
    /// Why a handler was cancelled, or that it has already completed its task itself.
    enum Ending: UInt8, AtomicRepresentable, Sendable { case none, leaseLost, timedOut, shutdown, completed }

    let claimant: Claimant
    let delivered: DeliveredTask
    /// When it was delivered, or asked for.
    let taken: ContinuousClock.Instant
    /// Where the worker keeps what it knows of it.
    let slot: Int
    private let state = Atomic(Ending.none)
    private let wasRenewed = Atomic(false)

    init(
        _ delivered: DeliveredTask, by claimant: Claimant, taken: ContinuousClock.Instant, slot: Int
    ) {
        self.delivered = delivered
        self.claimant = claimant
        self.taken = taken
        self.slot = slot
    }

    var stream: QueuePriority { delivered.stream }
    var entry: StreamID { delivered.entry }
    var task: StreamID { delivered.task }
    var deliveries: Int { delivered.deliveries }
    /// How often the group had been made when this was delivered.
    var generation: Int { delivered.generation }

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
        [
            stream.rawValue, claimant.group, claimant.consumer, "\(entry)", String(deliveries), String(generation),
        ]
    }

    func send(_ words: [String], key: String) async throws -> Reply {
        try await checked {
            try await claimant.redis.run(
                QueueScripts.sendIfHeld, keys: claimant.keys.all + [key], arguments: arguments + words)
        }
    }

    func complete(sending words: [String], key: String) async throws -> Reply {
        let reply = try await checked {
            try await claimant.redis.run(
                QueueScripts.completeWith, keys: claimant.keys.all + [key], arguments: arguments + ["\(task)"] + words)
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
