import Foundation
import MetricsTestKit
import TestSupport
import Testing

@testable import StreamKit

@Suite("What a queue reports about its tasks")
struct TaskEventTests {
    @Test func `a worker reports what it takes, fails, finishes and hands back, one event each`() async throws {
        let events = Shared<[TaskQueueEvent]>([])
        var options = TaskQueueOptions.quick
        options.onEvent = { event in events.withLock { $0.append(event) } }
        try await withScratchQueue(options) { queue in
            let id = try await queue.enqueue(Job(number: 1))
            try await working(on: queue) { task in
                if task.attempt == 1 { throw Failure(description: "once") }
            } until: {
                try await queue.status().completedLastMinute == 1
            }
            let long = try await queue.enqueue(Job(number: 2))
            try await working(on: queue) { _ in
                try await Task.sleep(for: .seconds(60))
            } until: {
                events.withLock { $0.contains(.taken(task: long, attempt: 1)) }
            }

            #expect(
                events.withLock { $0 } == [
                    .taken(task: id, attempt: 1),
                    .failed(task: id, attempt: 1, error: "once", isGivenUp: false),
                    .taken(task: id, attempt: 2),
                    .completed(task: id, attempt: 2),
                    .taken(task: long, attempt: 1),
                    .handedBack(task: long, attempt: 1),
                ])
        }
    }

    @Test func `a lost lease and a dead worker's task are reported`() async throws {
        let events = Shared<[TaskQueueEvent]>([])
        var options = TaskQueueOptions.quick
        options.onEvent = { event in events.withLock { $0.append(event) } }
        try await withScratchQueue(options) { queue in
            let id = try await queue.enqueue(Job(number: 1))
            _ = try await queue.calls.prepare(knownGeneration: 0)
            _ = try await queue.redis.stream(queue.key).group(queue.group).consumer("dead").read(limit: 1)

            try await working(on: queue) { task in
                _ = try await queue.cancel(task.id)
                try await Task.sleep(for: .seconds(60))
            } until: {
                events.withLock { $0.contains(.lost(task: id, attempt: 2)) }
            }

            #expect(
                events.withLock { $0 } == [
                    .released(task: id, from: "dead"), .taken(task: id, attempt: 2), .lost(task: id, attempt: 2),
                ])
        }
    }

    @Test func `a queue's metrics go where its client's metrics go`() async throws {
        let metrics = TestMetrics()
        var configuration = try await TestServer.shared.configuration()
        configuration.observability.metrics = metrics
        try await withRedis(configuration) { redis in
            let queue = TaskQueue<Job>(redis: redis, key: scratchKey(), group: "workers", options: .quick)
            try await queue.enqueue(Job(number: 1))
            try await working(on: queue) { _ in
            } until: {
                try await queue.status().completedLastMinute == 1
            }
            try await queue.remove()

            let queueOnly = [("queue", queue.key)]
            #expect(try metrics.expectCounter("streamkit.queue.enqueued", queueOnly).totalValue == 1)
            #expect(try metrics.expectCounter("streamkit.queue.completed", queueOnly).totalValue == 1)
            #expect(try metrics.expectTimer("streamkit.queue.attempt", queueOnly).values.count == 1)
            #expect(try metrics.expectGauge("streamkit.queue.running", queueOnly).values.isEmpty == false)
        }
    }

    @Test func `a running task's times are durations, and whole milliseconds in JSON`() throws {
        let task = TaskQueueStatus.RunningTask(
            id: StreamID(milliseconds: 5, sequence: 1), priority: .low, worker: "w", attempt: 2,
            ranMilliseconds: 1_500, silentMilliseconds: 20, ageMilliseconds: 3_000)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys

        let json = try encoder.encode(task)

        #expect(
            String(decoding: json, as: UTF8.self)
                == #"{"ageMilliseconds":3000,"attempt":2,"id":"5-1","priority":"low","ranMilliseconds":1500,"#
                + #""silentMilliseconds":20,"worker":"w"}"#)
        let read = try JSONDecoder().decode(TaskQueueStatus.RunningTask.self, from: json)
        #expect((read.ran, read.silent, read.age) == (.milliseconds(1_500), .milliseconds(20), .seconds(3)))
    }
}
