@testable import StreamKit
import TestSupport
import Testing

@Suite("A consumer group")
struct GroupTests {
    @Test func `is created once, from where the caller says`() async throws {
        try await withScratchStream { stream in
            try await stream.fill(3)
            let late = stream.group("late")

            #expect(try await late.create(from: .after(.init(milliseconds: 2))))
            #expect(try await late.create(from: .beginning) == false)
            #expect(try await late.consumer("c").read().map(\.id.milliseconds) == [3])
            #expect(try await late.remove())
            #expect(try await late.remove() == false)
        }
    }

    @Test func `gives each entry to one consumer, pending until it is acknowledged`() async throws {
        try await withScratchStream { stream in
            try await stream.fill(4)
            let group = stream.group("g")
            try await group.create()
            let (ann, bob) = (group.consumer("ann"), group.consumer("bob"))

            let first = try await ann.read(limit: 3)
            let second = try await bob.read(limit: 3)
            let acknowledged = try await group.acknowledge([first[0].id, first[0].id])

            #expect((first + second).map(\.id.milliseconds) == [1, 2, 3, 4])
            #expect(acknowledged == 1)
            let summary = try await group.pending()
            #expect(summary.count == 3)
            #expect(summary.lowest?.milliseconds == 2 && summary.highest?.milliseconds == 4)
            #expect(summary.perConsumer.map(\.name) == ["ann", "bob"])
            #expect(summary.perConsumer.map(\.count) == [2, 1])
            let held = try await group.pendingEntries(consumer: "ann")
            #expect(held.map(\.id.milliseconds) == [2, 3])
            #expect(held.allSatisfy { $0.deliveryCount == 1 && $0.consumer == "ann" })
            #expect(try await group.pendingEntries(idleFor: .seconds(600)).isEmpty)
            #expect(try await group.consumers().map(\.name).sorted() == ["ann", "bob"])
            #expect(try await group.removeConsumer("bob") == 1)
        }
    }

    @Test func `hands over what a dead consumer held, and reports what was deleted meanwhile`() async throws {
        try await withScratchStream { stream in
            try await stream.fill(3)
            let group = stream.group("g")
            try await group.create()
            _ = try await group.consumer("dead").read()
            try await stream.delete([.init(milliseconds: 2)])

            let claim = try await group.consumer("heir").claim(idleFor: .zero)

            #expect(claim.entries.map(\.id.milliseconds) == [1, 3])
            #expect(claim.deleted == [.init(milliseconds: 2)])
            #expect(claim.next == .zero)
            #expect(try await group.pendingEntries().map(\.deliveryCount) == [2, 2])
        }
    }

    @Test func `is claimed from in pages`() async throws {
        try await withScratchStream { stream in
            try await stream.fill(5)
            let group = stream.group("g")
            try await group.create()
            _ = try await group.consumer("dead").read()
            let heir = group.consumer("heir")

            let first = try await heir.claim(idleFor: .zero, limit: 2)
            let second = try await heir.claim(idleFor: .zero, from: first.next, limit: 10)

            #expect(first.entries.count == 2)
            #expect(second.entries.map(\.id.milliseconds) == [3, 4, 5])
        }
    }

    @Test func `acknowledges a batch and reads the next in one exchange`() async throws {
        try await withScratchStream { stream in
            let group = stream.group("workers")
            _ = try await group.create()
            let consumer = group.consumer("one")
            for number in 1...5 { try await stream.append(["number": "\(number)"]) }

            var batches: [[String?]] = []
            var entries = try await consumer.acknowledge([], thenRead: 2)
            while !entries.isEmpty {
                batches.append(entries.map { $0["number"] })
                entries = try await consumer.acknowledge(entries.map(\.id), thenRead: 2)
            }

            #expect(batches == [["1", "2"], ["3", "4"], ["5"]])
            #expect(try await group.pending().count == 0)
        }
    }

    @Test func `keeps what a cancelled exchange brought for the next one`() async throws {
        try await withScratchStream { stream in
            let group = stream.group("workers")
            _ = try await group.create()
            let consumer = group.consumer("one")
            for number in 0..<400 { try await stream.append(["number": "\(number)"]) }

            var seen: [StreamID] = []
            while seen.count < 400 {
                let done = Array(seen.suffix(3))
                let one = Task { try await consumer.acknowledge(done, thenRead: 3) }
                if seen.count.isMultiple(of: 2) { one.cancel() }
                if let entries = try? await one.value { seen += entries.map(\.id) }
                if one.isCancelled, seen.count < 400 { seen += try await consumer.read(limit: 3).map(\.id) }
            }

            #expect(Set(seen).count == 400)
        }
    }

    @Test func `finds what was delivered to a cancelled read, and nothing that was claimed before`() async throws {
        try await withScratchStream { stream in
            let group = stream.group("workers")
            _ = try await group.create()
            let consumer = group.consumer("one")
            try await stream.append(["event": "claimed"])
            _ = try await group.consumer("dead").read()
            let claimed = try await consumer.claim(idleFor: .zero).entries

            let read = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await consumer.read()
            }
            await #expect(throws: CancellationError.self) { try await read.value }
            // As if the server had carried out the read.
            let id = try await stream.append(["event": "token"])
            try await stream.redis.send("XREADGROUP", "GROUP", "workers", "one", "STREAMS", stream.key, ">")

            #expect(claimed.count == 1)
            #expect(try await consumer.read().map(\.id) == [id])
            #expect(try await consumer.read().isEmpty)
        }
    }
}
