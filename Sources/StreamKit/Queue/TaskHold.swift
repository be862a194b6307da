/// A worker's claim to one task: who holds it, and which delivery it was.
///
/// All that a script needs to check it.
struct TaskHold: Sendable, Hashable {
    let redis: Redis
    let stream: String
    let group: String
    let consumer: String
    let entry: StreamID
    let task: StreamID
    let deliveries: Int

    /// The arguments with which every script that checks the hold starts.
    var arguments: [String] { [group, consumer, "\(entry)", String(deliveries)] }

    func send(_ words: [String], key: String) async throws -> Reply {
        do {
            return try await redis.run(QueueScripts.sendIfHeld, keys: [stream, key], arguments: arguments + words)
        } catch StreamKitError.server(let error) where error.isLeaseLoss {
            throw TaskLeaseLost(task: task)
        }
    }

    static func == (one: Self, other: Self) -> Bool {
        one.entry == other.entry && one.deliveries == other.deliveries && one.consumer == other.consumer
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(entry)
        hasher.combine(deliveries)
    }
}

extension ServerError {
    /// Without the group nobody holds anything, so a missing group is a lost lease too.
    var isLeaseLoss: Bool { prefix == "LEASELOST" || prefix == "NOGROUP" }
}
