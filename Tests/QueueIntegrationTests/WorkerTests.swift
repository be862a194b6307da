import Foundation
import StreamKit
import TestSupport
import Testing

/// The lesson's workers as processes of their own: paused, killed and interrupted in the middle of a task.
@Suite("Workers of lesson 3 that are paused, killed or interrupted", .timeLimit(.minutes(2)))
struct WorkerTests {
    @Test func `a worker that is paused past its lease and continued writes nothing more`() async throws {
        try await withLab { lab in
            let zombie = try await lab.work(as: "zombie", pace: 3)
            try await lab.produce()
            try await zombie.says("task 1, attempt 1: processing step1")
            zombie.send(SIGSTOP)
            let second = try await lab.work(as: "second", pace: 0.1)
            try await second.says("task 1, attempt 2: completed")
            second.send(SIGINT)
            #expect(await second.end() == .exited(130))

            // Its step is over by then, so that it has `step2` to write before it can hear that it lost the task.
            try await eventually("the zombie's step is over") { try await lab.isOver(.seconds(3.5), sinceLogOf: 1) }
            // It does one task at a time, so once it begins the next, it has done what it would with the first.
            zombie.send(SIGCONT)
            try await lab.produce()
            try await zombie.says("task 2, attempt 1: started")

            let steps = ["started", "processing step1", "processing step2", "completed"]
            #expect(try await lab.log(ofTask: 1, by: "zombie") == steps.prefix(2).map { "1: \($0)" })
            #expect(try await lab.log(ofTask: 1, by: "second") == steps.map { "2: \($0)" })
        }
    }

    @Test func `a killed worker's task is finished by another one`() async throws {
        try await withLab { lab in
            let first = try await lab.work(as: "first")
            try await lab.produce()
            try await first.says("task 1, attempt 1: processing step1")
            first.send(SIGKILL)
            _ = await first.end()

            let second = try await lab.work(as: "second", pace: 0.1)
            try await second.says("task 1, attempt 2: completed")
        }
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func `an interrupted worker hands its task back before it ends`(signal: Int32, code: Int32) async throws {
        try await withLab { lab in
            let worker = try await lab.work(as: "worker")
            try await lab.produce()
            try await worker.says("task 1, attempt 1: processing step1")
            worker.send(signal)
            #expect(await worker.end() == .exited(code))

            // Nobody is there who could have taken it over, so it was handed back.
            let status = try await lab.status()
            #expect(status.running == 0)
            #expect(status.depth.high == 1)
        }
    }
}
