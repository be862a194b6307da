import AgentKit
import AgentRuns
import StreamKit
import TestSupport
import Testing

/// A queue of a test's own.
struct Place: Sendable {
    let runs: AgentRuns
    var redis: Redis { runs.redis }
    var queue: TaskQueue<RunRequest> { runs.queue }

    func log(_ request: RunRequest) -> RunLog { runs.log(of: request.conversationID) }

    func submit(_ message: String, agent: String = "TravelPlanner") async throws -> RunRequest {
        let request = RunRequest(
            conversationID: scratchKey(), correlationID: scratchKey(), agent: agent, message: message)
        try await runs.submit(request)
        return request
    }

    /// Takes a task as a worker does, and is never heard of again.
    func takeAndDie() async throws {
        let group = redis.stream(queue.key).group(queue.group)
        _ = try await group.create(from: .beginning)
        #expect(try await group.consumer("dead").read().count == 1)
    }

    /// Follows a run to its end.
    func watch(_ request: RunRequest) async throws -> [RunEvent] {
        var events: [RunEvent] = []
        for try await event in log(request).events(after: .beginning) { events.append(event) }
        return events
    }

    func isEmpty(dead: Int) async throws {
        try await eventually("the queue is empty but for \(dead) dead letters") {
            let status = try await queue.status()
            return status.waiting + status.running + status.delayed == 0 && status.dead == dead
        }
    }

    /// Runs a worker for the length of the body.
    func work(by agent: any Agent, _ body: () async throws -> Void) async throws {
        let worker = AgentWorker(runs: runs, agents: [agent])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }
}

func withQueue(
    _ hint: String = #function, maximumAttempts: Int = 2, maximumWorkerDeaths: Int = 20,
    _ body: (Place) async throws -> Void
) async throws {
    try await withScratchRedis { redis in
        var options = TaskQueueOptions()
        options.maximumAttempts = maximumAttempts
        // Long enough that a busy machine does not look like a dead worker.
        options.lease = .seconds(3)
        options.sweepInterval = .milliseconds(30)
        options.backoff = RetryBackoff(initial: .milliseconds(10), maximum: .milliseconds(10))
        options.shutdownGrace = .milliseconds(50)
        options.maximumWorkerDeaths = maximumWorkerDeaths
        let runs = AgentRuns(redis: redis, names: RunNames(queueKey: scratchKey(hint)), options: options)
        try await body(Place(runs: runs))
        _ = try await redis.send(["DEL"] + runs.names.sharedKeys)
    }
}
