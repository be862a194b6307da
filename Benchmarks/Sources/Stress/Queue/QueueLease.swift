// A task that takes many times its lease, while other workers wait for their chance. Does it run once?
// Run:    ./lesson stress queue-lease
// Expect: one run and one completion after sixty leases.

import LocalRedis
import ArgumentParser
import StreamKit
import Synchronization

/// `queue-lease`: one long task, and workers that would take it over if its lease ran out.
struct QueueLease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue-lease", abstract: "Runs a task for many times its lease while other workers wait.")
    @Option(help: "How many leases the task takes.") var leases = 60
    @Option(help: "Milliseconds of a lease.") var lease = 1_000
    @Option(help: "How many workers wait.") var waiting = 3

    func validate() throws {
        guard leases > 0, lease > 0, waiting > 0 else { throw ValidationError("counts must be 1 or more") }
    }

    func run() async throws {
        try await withLocalRedis { server in
            try await withRedis(server.configuration) { redis in
                var options = TaskQueueOptions()
                options.lease = .milliseconds(lease)
                options.sweepInterval = .milliseconds(100)
                let queue = TaskQueue<Int>(redis: redis, key: "long", group: "workers", options: options)
                let runs = try await runs(of: queue)
                let status = try await queue.status()
                let effects = try await redis.send("GET", Self.effect).integer ?? 0
                print("\(leases) leases of \(lease) ms, \(waiting) workers waiting: \(runs) run, \(effects) effect")
                guard runs == 1, effects == 1, status.running + status.waiting + status.delayed + status.dead == 0
                else {
                    throw Broken("the task ran \(runs) times, and left \(status)")
                }
            }
        }
    }

    private static let effect = "{long}:effect"

    /// How often the task was begun until it was completed.
    private func runs(of queue: TaskQueue<Int>) async throws -> Int {
        let begun = Atomic(0)
        let (completed, continuation) = AsyncStream.makeStream(of: Void.self)
        try await queue.enqueue(1)
        let workers = try (0...waiting).map { number in
            try queue.worker(as: "worker-\(number)") { task in
                begun.add(1, ordering: .relaxed)
                try await Task.sleep(for: .milliseconds(lease) * leases)
                _ = try await task.complete(sending: ["INCR", Self.effect], key: Self.effect)
                continuation.finish()
            }
        }
        try await withThrowingTaskGroup { group in
            for worker in workers { group.addTask { try await worker.run() } }
            for await _ in completed {}
            group.cancelAll()
            try await group.waitForAll()
        }
        return begun.load(ordering: .relaxed)
    }
}
