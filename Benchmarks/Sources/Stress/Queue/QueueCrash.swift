// Worker processes are killed all the time, and the server now and then. Is any task lost or done twice?
// Run:    ./lesson stress queue-crash
// Expect: as many effects as tasks, each exactly once, and no task with two living workers.

import LocalRedis
import ArgumentParser
import Foundation
import StreamKit
import Synchronization

/// `queue-crash`: kills workers with SIGKILL and restarts the server while a queue is worked off.
struct QueueCrash: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue-crash", abstract: "Kills workers and the server while a queue is worked off.")
    @Option(help: "How many tasks.") var tasks = 20_000
    @Option(help: "How many worker processes.") var workers = 6
    @Option(help: "Milliseconds between two kills.") var killEvery = 200
    @Option(help: "How often the server is killed and restarted.") var restarts = 5
    @Option(help: "Milliseconds that a task takes.") var pace = 60
    @Option(help: "Seconds until it is given up.") var timeout = 600
    @Option(help: "Put the clock of every other worker an hour ahead with this libfaketime.so.1.") var skewWith: String?

    func run() async throws {
        try await withLocalRedis(options: .init(durable: true)) { server in
            try await withRedis(server.configuration) { redis in
                let pace = String(pace)
                let chaos = Chaos(socket: server.socket, workers: workers, skewer: skewWith) {
                    ["queue-crash-worker", $0, pace]
                }
                let start = ContinuousClock.now
                try await withThrowingTaskGroup { group in
                    group.addTask { try await enqueue(on: CrashQueue.queue(redis)) }
                    group.addTask { try await chaos.killWorkers(every: .milliseconds(killEvery)) }
                    group.addTask { try await chaos.restart(server, times: restarts) }
                    try await waitUntilDone(redis)
                    group.cancelAll()
                    try? await group.waitForAll()
                }
                chaos.end()
                let duration = (ContinuousClock.now - start) / .seconds(1)
                print(
                    "\(tasks) tasks in \(Int(duration)) s, \(chaos.kills) workers and \(chaos.restarts) servers killed")
                try await verify(redis, chaos)
            }
        }
    }

    /// Enqueues half of the tasks at once and the others bit by bit, through restarts, each under a key of its own.
    private func enqueue(on queue: TaskQueue<CrashTask>) async throws {
        let all = (0..<tasks).map { CrashTask(number: $0) }
        for start in stride(from: 0, to: tasks, by: 100) {
            let part = Array(all[start..<min(start + 100, tasks)])
            while true {
                do {
                    try await queue.enqueue(contentsOf: part) { "task-\($0.number)" }
                    break
                } catch is StreamKitError {
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            if start > tasks / 2 { try await Task.sleep(for: .milliseconds(50)) }
        }
    }

    private func waitUntilDone(_ redis: Redis) async throws {
        let deadline = ContinuousClock.now + .seconds(timeout)
        while ContinuousClock.now < deadline {
            let done = try? await redis.send("HLEN", CrashQueue.effects).integer
            let status = try? await CrashQueue.queue(redis).status()
            if done == tasks, let status, status.running + status.waiting + status.delayed == 0 { return }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw Broken("not all tasks were done in \(timeout) s: \(try await CrashQueue.queue(redis).status())")
    }

    // MARK: What was promised

    private func verify(_ redis: Redis, _ chaos: Chaos) async throws {
        let effects = try await redis.send("HVALS", CrashQueue.effects).elements?.compactMap(\.integer) ?? []
        let starts = try await redis.stream(CrashQueue.audit).entries()
        let shared = try heldByTwo(starts, chaos)
        let status = try await CrashQueue.queue(redis).status()
        let attempts = Set(starts.map { "\($0["task"] ?? "") \($0["worker"] ?? "") \($0["attempt"] ?? "")" }).count
        print("effects: \(effects.count), each once: \(effects.allSatisfy { $0 == 1 })")
        print("attempts: \(attempts), of them after a worker's death: \(attempts - tasks)")
        if skewWith != nil { try verifySkew(starts) }
        print("held by two living workers: \(shared.count)")
        print("dead letters: \(status.dead)")
        for line in shared.prefix(10) { print("  \(line)") }
        guard effects.count == tasks, effects.allSatisfy({ $0 == 1 }), shared.isEmpty, status.dead == 0 else {
            throw Broken("a promise was broken")
        }
    }

    /// Workers with both kinds of clock must have run, or the run says nothing about clocks.
    private func verifySkew(_ starts: [StreamEntry]) throws {
        let ahead = starts.count { start in
            Int(start["clock"] ?? "").map { $0 > Int(start.id.milliseconds) + 1_800_000 } ?? false
        }
        print("attempts on a clock an hour ahead: \(ahead), on the server's: \(starts.count - ahead)")
        guard ahead > 0, ahead < starts.count else { throw Broken("the clocks did not differ") }
    }

    /// An attempt may begin only after the worker of the attempt before it has died.
    private func heldByTwo(_ starts: [StreamEntry], _ chaos: Chaos) throws -> [String] {
        var last: [String: (worker: String, attempt: String?, id: StreamID)] = [:]
        var shared: [String] = []
        for start in starts {
            guard let task = start["task"], let worker = start["worker"] else { continue }
            // The attempt was written twice, because the server died before it could confirm the first write.
            if let before = last[task], before.worker == worker, before.attempt == start["attempt"] { continue }
            if let before = last[task], chaos.death(of: before.worker).map({ $0 > start.id.milliseconds }) ?? true {
                shared.append("task \(task): \(before.worker) at \(before.id), then \(worker) at \(start.id)")
            }
            last[task] = (worker, start["attempt"], start.id)
        }
        return shared
    }
}

struct CrashTask: Codable, Sendable {
    var number: Int
}

enum CrashQueue {
    static let effects = "{crash}:effects"
    static let audit = "{crash}:audit"

    static func queue(_ redis: Redis) -> TaskQueue<CrashTask> {
        var options = TaskQueueOptions()
        options.lease = .seconds(5)
        options.sweepInterval = .milliseconds(500)
        options.maximumAttempts = 1_000
        return TaskQueue(redis: redis, key: "{crash}", group: "workers", options: options)
    }
}

struct Broken: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
