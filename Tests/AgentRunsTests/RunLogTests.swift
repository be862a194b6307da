import LocalRedis
import AgentRuns
import StreamKit
import TestSupport
import Testing

@Suite("The log of a run")
struct RunLogTests {
    @Test func `every event is seen once, in order, and the last one ends the sequence`() async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            for word in ["one ", "two\n", "three"] { try await writer.append(.text, text: word) }
            try await writer.complete()

            var events: [RunEvent] = []
            for try await event in log.events(after: .beginning) { events.append(event) }

            #expect(events.map(\.sequence) == Array(0..<5))
            #expect(events.answer == "one two\nthree")
            #expect(events.last?.kind == .taskCompleted && events.last?.isLast == true)
        }
    }

    @Test func `resuming at any event gives exactly the rest`() async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            for number in 0..<5 { try await writer.append(.text, text: "\(number)") }
            try await writer.complete()
            let all = try await log.history()

            for (index, event) in all.enumerated() {
                var rest: [RunEvent] = []
                for try await next in log.events(after: .after(event.id)) { rest.append(next) }
                #expect(rest == Array(all[(index + 1)...]))
            }
        }
    }

    @Test func `a worker that was replaced cannot write any more`() async throws {
        try await withRun { log, request in
            let zombie = try await log.begin(request, token: 1)
            try await zombie.append(.text, text: "half")
            let second = try await log.begin(request, token: 2)

            await #expect(throws: RunLogError.staleAttempt(attempt: 1, current: 2)) {
                try await zombie.append(.text, text: "said")
            }
            try await second.append(.text, text: "whole")
            try await second.complete()

            #expect(try await log.history().answer == "whole")
        }
    }

    @Test func `what follows an entry whose reply was lost is written too`() async throws {
        try await withScratchServer { server in
            var patient = server.configuration
            patient.timeouts.command = .seconds(600)
            try await withRedis(patient) { redis in
                let request = RunRequest(conversationID: "c", correlationID: "r", agent: "a", message: "m")
                let writer = try await RunLog(redis: redis, conversationID: "c").begin(request, token: 1)
                // From here on the server has the script, so the next append is one command.
                try await writer.append(.progress)
                try await withRedis(server.configuration) { control in
                    try await control.send("CLIENT", "PAUSE", "600000", "WRITE")
                    let first = Task { try await writer.append(.text, text: "one ") }
                    try await eventually("the entry has reached the server") {
                        try await control.send("INFO", "clients").text?.contains("blocked_clients:1") == true
                    }
                    first.cancel()
                    await #expect(throws: CancellationError.self) { try await first.value }
                    try await control.send("CLIENT", "UNPAUSE")
                }
                try await writer.append(.text, text: "two ")
                try await writer.complete()

                let history = try await writer.log.history()
                #expect(history.answer == "one two ")
                #expect(history.last?.kind == .taskCompleted)
            }
        }
    }

    @Test func `an attempt that is not newer is refused`() async throws {
        try await withRun { log, request in
            _ = try await log.begin(request, token: 2)

            await #expect(throws: RunLogError.staleAttempt(attempt: 2, current: 2)) {
                _ = try await log.begin(request, token: 2)
            }
        }
    }

    @Test func `a run that has ended takes nothing more`() async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            try await writer.fail(userMessage: "no luck")

            await #expect(throws: RunLogError.finished(.taskFailed)) { try await writer.append(.progress) }
            await #expect(throws: RunLogError.finished(.taskFailed)) { _ = try await log.begin(request, token: 2) }
        }
    }

    @Test func `cancelling ends every open run at once, and its worker is told`() async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            try await writer.append(.text, text: "half")
            var next = request
            next.correlationID = "second"
            try await log.accept(next)

            #expect(try await log.cancel().map(\.correlationID) == ["second", "first"])

            await #expect(throws: RunLogError.finished(.taskCancelled)) { try await writer.append(.text, text: "said") }
            await #expect(throws: RunLogError.finished(.taskCancelled)) { _ = try await log.begin(next, token: 1) }
            #expect(try await log.end(of: request) == .taskCancelled)
            #expect(try await log.cancel().isEmpty)
            let events = try await log.history()
            #expect(events.suffix(2).map(\.run) == [2, 1] && events.suffix(2).allSatisfy(\.isLast))
            var followed: [RunEvent] = []
            for try await event in log.events(after: .beginning) { followed.append(event) }
            #expect(followed == events)
        }
    }

    @Test func `cancelling a conversation that never was makes none`() async throws {
        try await withRun { log, _ in
            let cancelled = try await log.cancel()
            let exists = try await log.exists()
            #expect(cancelled.isEmpty && !exists)
        }
    }

    @Test func `a run that was given up is closed for its worker, which is refused from then on`() async throws {
        try await withRun { log, request in
            let zombie = try await log.begin(request, token: 2)
            await #expect(throws: RunLogError.staleAttempt(attempt: 0, current: 2)) {
                try await log.close(request, onlyIfWaiting: true, userMessage: "no luck")
            }
            try await log.close(request, userMessage: "no luck")

            await #expect(throws: RunLogError.staleAttempt(attempt: 2, current: 2)) {
                try await zombie.append(.text, text: "said")
            }
            await #expect(throws: RunLogError.finished(.taskFailed)) {
                try await log.close(request, userMessage: "no luck")
            }
            let last = try #require(try await log.history().last)
            #expect(last.kind == .taskFailed && last.error == "no luck" && last.isLast)
        }
    }

    @Test func `closing a log that is gone does not bring it back`() async throws {
        try await withRun { log, request in
            await #expect(throws: RunLogError.expired(conversationID: log.conversationID)) {
                try await log.close(request, userMessage: "no luck")
            }
            let exists = try await log.exists()
            #expect(!exists)
        }
    }

    @Test func `accepting the same request again changes nothing`() async throws {
        try await withRun { log, request in
            try await log.accept(request)
            try await log.accept(request)

            #expect(try await log.history().count == 1)
        }
    }

    @Test func `a conversation ends with the newest accepted run`() async throws {
        try await withRun { log, request in
            let first = try await log.begin(request, token: 1)
            var next = request
            next.correlationID = "second"
            try await log.accept(next)
            try await first.complete()
            let second = try await log.begin(next, token: 1)
            try await second.complete()

            var runs: [Int] = []
            for try await event in log.events(after: .beginning) where event.isLast { runs.append(event.run) }

            #expect(runs == [1, 2])
        }
    }

    @Test func `a log that is gone is reported, not waited for`() async throws {
        try await withRun { log, _ in
            await #expect(throws: RunLogError.expired(conversationID: log.conversationID)) {
                for try await _ in log.events(after: .beginning) {}
            }
        }
    }

    @Test func `a cursor that was trimmed away is reported`() async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            for number in 0..<9 { try await writer.append(.text, text: "\(number)") }
            try await writer.complete()
            let cursor = try await log.history()[2].id
            _ = try await log.stream.trim(.maximumLength(4, exact: true))

            await #expect(throws: RunLogError.trimmed(conversationID: log.conversationID)) {
                for try await _ in log.events(after: .after(cursor)) {}
            }
        }
    }
}
