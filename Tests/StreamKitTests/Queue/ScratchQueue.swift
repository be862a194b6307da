import Logging
import StreamKit
import Synchronization
import TestSupport
import Testing

struct Job: Codable, Sendable {
    var number: Int
}

struct Failure: Error, CustomStringConvertible {
    let description: String
}

extension TaskQueueOptions {
    /// Short leases and waits, so that tests need not wait long for what takes a lease.
    static var quick: TaskQueueOptions {
        var options = TaskQueueOptions()
        options.lease = .seconds(2)
        options.sweepInterval = .milliseconds(50)
        options.maximumAttempts = 3
        options.backoff = RetryBackoff(initial: .milliseconds(20), maximum: .milliseconds(100))
        options.shutdownGrace = .milliseconds(200)
        return options
    }
}

extension TaskQueueStatus {
    /// Nothing is left to do.
    var isEmpty: Bool { waiting == 0 && running == 0 && delayed == 0 }
}

func withScratchQueue(
    _ options: TaskQueueOptions = .quick, _ body: (TaskQueue<Job>) async throws -> Void
) async throws {
    try await withScratchRedis { redis in
        let queue = TaskQueue<Job>(redis: redis, key: scratchKey("queue"), group: "workers", options: options)
        try await body(queue)
        try await queue.remove()
    }
}

/// Runs one worker until the condition holds, or a minute is over.
func working(
    on queue: TaskQueue<Job>, concurrency: Int = 1,
    _ handler: @escaping @Sendable (QueuedTask<Job>) async throws -> Void,
    until isDone: () async throws -> Bool
) async throws {
    try await withThrowingTaskGroup { group in
        group.addTask { try await queue.work(as: "worker", concurrency: concurrency, handler) }
        try await eventually("everything is done", isDone)
        group.cancelAll()
        try await group.waitForAll()
    }
}

/// Passes on what is logged.
struct LineLog: LogHandler {
    let receive: @Sendable (String) -> Void
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    init(_ receive: @escaping @Sendable (String) -> Void) { self.receive = receive }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { receive("\(event.level): \(event.message)") }
}
