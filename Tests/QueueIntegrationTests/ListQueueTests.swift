import StreamKit
import TestSupport
import Testing

/// The Python tutorial's producer and consumer, spoken for by plain commands.
@Suite("Lesson 3's list and the tutorial's programs", .timeLimit(.minutes(2)))
struct ListQueueTests {
    @Test func `a consumer of the tutorial finds the tasks and IDs that produce makes without a prefix`() async throws {
        try await withLab { lab in
            _ = try await lab.redis.send("SET", "task_id_counter", "41")
            let produce = try await lab.run("produce", "--queue", "list", "--prefix", "", "--count", "2")
            #expect(await produce.end() == .exited(0), "\(produce.complained)")

            let first = try await lab.redis.send("RPOP", "task_queue").text
            #expect(first == #"{"data":{"payload":{"file":"data.csv"},"type":"process_data"},"id":42}"#)
            #expect(try await lab.redis.send("LLEN", "task_queue").integer == 1)
            #expect(try await lab.redis.send("DBSIZE").integer == 2)
        }
    }

    @Test(arguments: [
        #"{"id": 7, "data": {"type": "process_data", "payload": {"file": "data.csv"}}}"#,
        #"{"id": 7, "data": {"type": "send_email", "payload": {"to": "a@b.c", "copies": 2}}}"#,
        #"{"id": 7, "data": {"type": "send_email", "payload": "a@b.c"}}"#,
    ])
    func `a worker without a prefix does the tasks of the tutorial's producer`(task: String) async throws {
        try await withLab { lab in
            let worker = try await lab.run("work", "--queue", "list", "--prefix", "", "--pace", "0")
            _ = try await lab.redis.send("LPUSH", "task_queue", task)
            try await worker.says("task 7, attempt 1: completed")

            let log = try await lab.redis.stream("task_logs:7").entries()
            #expect(log.map { $0["event"] } == ["started", "processing", "processing", "completed"])
            #expect(log.compactMap { $0["step"] } == ["step1", "step2"])
            let timestamps = log.compactMap { $0["timestamp"] }
            let seconds = timestamps.filter { $0.contains(/^\d{10}\.\d+$/) }
            #expect(seconds.count == 2 && timestamps.count == 2)
        }
    }

    @Test func `a worker says which task it cannot read, and goes on`() async throws {
        try await withLab { lab in
            let worker = try await lab.run("work", "--queue", "list", "--pace", "0")
            _ = try await lab.redis.send("LPUSH", "lesson3:task_queue", "no JSON")
            try await lab.produce("--queue", "list")
            try await worker.says("lost, for the list has forgotten it: no JSON")
            try await worker.says("task 1, attempt 1: completed")
        }
    }
}
