import FaultKit
import Testing

@testable import StreamKit

/// Whatever a server, or data that others wrote, puts into an answer is read or refused, and nothing traps.
@Suite("Answers with foreign data")
struct ForeignReplyTests {
    @Test(arguments: 0..<8) func `every reader survives 5,000 mutated answers`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let bytes = Self.mutated(Self.samples.randomElement(using: &random) ?? "", &random)
            let parser = ReplyParser(maximumReplyBytes: 1 << 20)
            guard let replies = try? bytes.withUnsafeBytes({ try parser.replies(in: $0) }) else { continue }
            for reply in replies { Self.readEverything(in: reply) }
        }
    }

    @Test func `the unmutated answers are read`() throws {
        let replies = try Self.samples.flatMap { sample in
            try Array(sample.utf8).withUnsafeBytes { try ReplyParser().replies(in: $0) }
        }

        #expect(try StreamEntry.all(in: replies[0]).map(\.id) == [.maximum, StreamID(milliseconds: 1)])
        #expect(try replies[1].entriesOfOneStream().count == 1)
        #expect(try StreamInfo(replies[2]).lastGeneratedID == .maximum)
        #expect(try PendingSummary(replies[3]).perConsumer.map(\.count) == [1])
        #expect(try PendingEntry(replies[4]).deliveryCount == 1)
        #expect(try ConsumerInfo(replies[5]).pending == 1)
        #expect(try Claim(replies[6]).deleted == [StreamID(milliseconds: 3)])
    }

    @Test(arguments: [
        "*2\r\n$6\r\nlength\r\n:-1\r\n", "*2\r\n$6\r\nlength\r\n$1\r\nx\r\n", "*0\r\n",
        "*4\r\n$6\r\nlength\r\n:1\r\n$17\r\nlast-generated-id\r\n$2\r\nxx\r\n",
    ])
    func `malformed numbers and IDs are refused`(answer: String) throws {
        let reply = try #require(try Array(answer.utf8).withUnsafeBytes { try ReplyParser().replies(in: $0) }.first)

        #expect(throws: StreamKitError.self) { try StreamInfo(reply) }
    }

    private static func readEverything(in reply: Reply) {
        if let entries = try? StreamEntry.all(in: reply) { entries.forEach(use) }
        if let entries = try? reply.entriesOfOneStream() { entries.forEach(use) }
        if let streams = try? reply.entriesByStream() { streams.values.joined().forEach(use) }
        if let info = try? StreamInfo(reply) { [info.firstEntry, info.lastEntry].compactMap { $0 }.forEach(use) }
        if let claim = try? Claim(reply) { claim.entries.forEach(use) }
        _ = try? PendingSummary(reply)
        _ = try? PendingEntry(reply)
        _ = try? ConsumerInfo(reply)
        _ = try? reply.count("X")
        _ = reply.description
        _ = ServerCapabilities([reply, reply, reply])
    }

    private static func use(_ entry: StreamEntry) {
        _ = (entry.description, entry.rawFields, entry["a"], entry.bytes("a"), entry.data("a"))
        _ = try? entry.decode([Int].self, from: "a")
    }

    /// Copies with bytes changed, dropped, doubled, or a number in place of another.
    private static func mutated(_ sample: String, _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(sample.utf8)
        let telling = Array("*$:-+0123456789\r\n".utf8)
        for _ in 0..<Int.random(in: 0...4, using: &random) where bytes.count > 1 {
            let index = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[index] = telling.randomElement(using: &random) ?? 0
            case 1: bytes[index] = .random(in: 0...255, using: &random)
            case 2: bytes.remove(at: index)
            case 3: bytes.insert(telling.randomElement(using: &random) ?? 0, at: index)
            default: bytes.replaceSubrange(index..<index, with: Array("18446744073709551615".utf8))
            }
        }
        return bytes
    }

    private static let maximum = "$41\r\n18446744073709551615-18446744073709551615\r\n"
    private static let entry = "*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\na\r\n$3\r\n[1]\r\n"
    private static let samples = [
        "*2\r\n*2\r\n\(maximum)*2\r\n$1\r\na\r\n$1\r\nb\r\n\(entry)",
        "*1\r\n*2\r\n$1\r\nk\r\n*1\r\n\(entry)",
        "*12\r\n$6\r\nlength\r\n:1\r\n$6\r\ngroups\r\n:0\r\n$17\r\nlast-generated-id\r\n\(maximum)"
            + "$11\r\nfirst-entry\r\n\(entry)$10\r\nlast-entry\r\n\(entry)$13\r\nentries-added\r\n:9223372036854775807\r\n",
        "*4\r\n:1\r\n$3\r\n1-0\r\n$3\r\n1-0\r\n*1\r\n*2\r\n$3\r\nada\r\n$1\r\n1\r\n",
        "*4\r\n$3\r\n1-0\r\n$3\r\nada\r\n:9223372036854775807\r\n:1\r\n",
        "*6\r\n$4\r\nname\r\n$3\r\nada\r\n$7\r\npending\r\n:1\r\n$4\r\nidle\r\n:9223372036854775807\r\n",
        "*3\r\n$3\r\n0-0\r\n*2\r\n\(entry)*2\r\n$3\r\n2-0\r\n*-1\r\n*1\r\n$3\r\n3-0\r\n",
    ]
}
