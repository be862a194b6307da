import AgentRuns
import LocalRedis
import StreamKit
import TestSupport
import Testing

@Suite("Following a run, live and committed", .timeLimit(.minutes(2)))
struct IsolationTests {
    @Test func `committed text is never taken back, live text is`() async throws {
        try await withRun { log, request in
            let first = try await log.begin(request, token: 1)
            try await first.append(.text, text: "sealed ")
            try await first.append(.llmResponse, data: "{}")
            try await first.append(.text, text: "half said")
            let second = try await log.begin(request, token: 2)
            try await second.append(.text, text: "whole")
            try await second.complete()

            #expect(try await log.follow(.live).compactMap(\.text) == ["sealed ", "half said", "whole"])
            let committed = try await log.follow(.committed)
            #expect(committed.compactMap(\.text) == ["sealed ", "whole"])
            #expect(committed.last?.kind == .taskCompleted)
            #expect(committed.map(\.id) == committed.map(\.id).sorted())
        }
    }

    @Test func `committed text comes once a later event of its attempt stands behind it`() async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            var events = log.events(after: .beginning, isolation: .committed).makeAsyncIterator()
            #expect(try await events.next()?.kind == .taskStarted)
            try await writer.append(.text, text: "one ")
            try await writer.append(.text, text: "two ")
            try await writer.append(.llmResponse, data: "{}")

            #expect(try await events.next()?.text == "one ")
            #expect(try await events.next()?.text == "two ")
            #expect(try await events.next()?.kind == .llmResponse)

            try await writer.append(.text, text: "lost")
            _ = try await log.begin(request, token: 2)
            #expect(try await events.next()?.kind == .attempt)
        }
    }

    @Test func `another run's events do not seal text`() async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            try await writer.append(.text, text: "half")
            var next = request
            next.correlationID = "second"
            let other = try await log.begin(next, token: 1)
            try await other.complete()
            let second = try await log.begin(request, token: 2)
            try await second.append(.text, text: "whole")
            try await second.complete()

            #expect(try await log.follow(.committed).compactMap(\.text) == ["whole"])
        }
    }

    @Test func `resuming a committed view at any event gives exactly the rest`() async throws {
        try await withRun { log, request in
            let first = try await log.begin(request, token: 1)
            for word in ["one ", "two "] { try await first.append(.text, text: word) }
            try await first.append(.llmResponse, data: "{}")
            try await first.append(.text, text: "half")
            let second = try await log.begin(request, token: 2)
            for word in ["three ", "four"] { try await second.append(.text, text: word) }
            try await second.complete()
            let all = try await log.follow(.committed)

            for (index, event) in all.enumerated() {
                let rest = try await log.follow(.committed, after: .after(event.id))
                #expect(rest == Array(all[(index + 1)...]))
            }
        }
    }

    @Test(arguments: RunIsolation.allCases)
    func `the last words in one entry with the end are delivered`(isolation: RunIsolation) async throws {
        try await withRun { log, _ in
            try await log.stream.append(["text": "Nowhere "])
            try await log.stream.append(["text": "to.", "done": "true"])

            let events = try await log.follow(isolation)
            #expect(events.answer == "Nowhere to." && events.last?.isLast == true)
        }
    }

    @Test(arguments: RunIsolation.allCases)
    func `events that are trimmed while they are followed are reported where they are missing`(
        isolation: RunIsolation
    ) async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            for number in 0..<600 { try await writer.append(.progress, data: "\(number)") }
            var events = log.events(after: .beginning, isolation: isolation).makeAsyncIterator()
            _ = try await events.next()
            // The iterator has read a page ahead, and most of those that it has not read go.
            _ = try await log.stream.trim(.maximumLength(10, exact: true))

            var seen = 1
            await #expect(throws: RunLogError.trimmed(conversationID: log.conversationID)) {
                while let event = try await events.next() {
                    #expect(event.sequence == seen)
                    seen += 1
                }
            }
            #expect(seen < 591)
        }
    }

    @Test(arguments: [(bytes: 10, ahead: 12), (bytes: 32 << 10, ahead: 6)])
    func `a viewer reads ahead by bytes: few entries when they are large`(bytes: Int, ahead: Int) async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            let data = String(repeating: "x", count: bytes)
            for _ in 0..<40 { try await writer.append(.progress, data: data) }
            var events = log.events(after: .beginning).makeAsyncIterator()
            // The first four are one page; what the second holds is decided by the size of the first.
            for _ in 0..<5 { _ = try await events.next() }
            _ = try await log.stream.trim(.maximumLength(1, exact: true))

            var seen = 5
            await #expect(throws: RunLogError.trimmed(conversationID: log.conversationID)) {
                while try await events.next() != nil { seen += 1 }
            }
            #expect(seen == ahead)
        }
    }

    @Test(arguments: RunIsolation.allCases)
    func `a log that disappears while it is followed is reported`(isolation: RunIsolation) async throws {
        try await withRun { log, request in
            try await log.accept(request)
            var events = log.events(after: .beginning, isolation: isolation).makeAsyncIterator()
            _ = try await events.next()
            try await log.remove()

            await #expect(throws: RunLogError.expired(conversationID: log.conversationID)) {
                while try await events.next() != nil {}
            }
        }
    }

    @Test(arguments: RunIsolation.allCases)
    func `a log whose unread rest is trimmed away is not waited for`(isolation: RunIsolation) async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            var events = log.events(after: .beginning, isolation: isolation).makeAsyncIterator()
            _ = try await events.next()
            try await writer.append(.progress)
            try await writer.complete()
            _ = try await log.stream.trim(.maximumLength(0, exact: true))

            let error = await #expect(throws: RunLogError.self) { while try await events.next() != nil {} }
            #expect(error == .trimmed(conversationID: log.conversationID))
        }
    }
}

extension RunLog {
    /// Follows the conversation to its end.
    func follow(_ isolation: RunIsolation, after position: StreamPosition = .beginning) async throws -> [RunEvent] {
        var all: [RunEvent] = []
        for try await event in events(after: position, isolation: isolation) { all.append(event) }
        return all
    }
}
