import FaultKit
import Testing

@testable import StreamKit

@Suite("Parsing replies")
struct ReplyParserTests {
    private static let wire =
        "+OK\r\n-9007199254740993 no end yet\r\n:42\r\n:9007199254740993\r\n$-1\r\n*-1\r\n$5\r\nhello\r\n*2\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n:-7\r\n-ERR no\r\n"
    private static let shown = [
        "OK", "(error) 9007199254740993 no end yet", "(integer) 42", "(integer) 9007199254740993", "(nil)", "(nil)",
        "\"hello\"",
        "1) 1) \"1-1\"\n   2) 1) \"a\"\n      2) \"\"\n2) (integer) -7", "(error) ERR no",
    ]

    @Test(arguments: 1...Self.wire.utf8.count)
    func `replies come out the same however the bytes are cut`(size: Int) throws {
        let parser = ReplyParser()
        var replies: [Reply] = []
        let bytes = Array(Self.wire.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            replies += try parse(bytes[start..<min(start + size, bytes.count)], with: parser)
        }

        #expect(replies.map(\.description) == Self.shown)
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n", "\0\0\0\0", "$x\r\n", "*99999999999999999999\r\n"])
    func `what is not RESP is an error that says so`(garbage: String) throws {
        let parser = ReplyParser()

        #expect(throws: StreamKitError.self) {
            _ = try parse(Array(garbage.utf8)[...], with: parser)
            _ = try parse(Array("+OK\r\n".utf8)[...], with: parser)
        }
    }

    @Test(arguments: [
        "%1\r\n+a\r\n:1\r\n", "~1\r\n:1\r\n", ">1\r\n+a\r\n", "|1\r\n+a\r\n:1\r\n", "=6\r\ntxt:ab\r\n", "(12345\r\n",
        ",1.5\r\n", "#t\r\n", "_\r\n", "!5\r\nERR a\r\n", "%0\r\n", "~-1\r\n", "=-1\r\n", "%-1\r\n",
    ])
    func `a type of RESP3, which nobody asked for, is an error at any depth`(value: String) {
        for before in ["", "*2\r\n:1\r\n", "*1\r\n*1\r\n"] {
            let parser = ReplyParser()

            #expect(throws: StreamKitError.self) { _ = try parse(Array((before + value).utf8)[...], with: parser) }
        }
    }

    @Test func `nesting a hundred deep is refused, not followed`() {
        let parser = ReplyParser()
        let bytes = Array(String(repeating: "*1\r\n", count: 100).utf8)

        #expect(throws: StreamKitError.self) { _ = try parse(bytes[...], with: parser) }
    }

    @Test func `a reply over the limit is refused while it arrives`() {
        let parser = ReplyParser(maximumReplyBytes: 1000)
        let chunk = ArraySlice(Array(repeating: UInt8(ascii: "x"), count: 500))

        #expect(throws: StreamKitError.self) {
            _ = try parse(Array("$600000000\r\n".utf8)[...], with: parser)
            for _ in 0..<3 { _ = try parse(chunk, with: parser) }
        }
    }

    @Test func `a text whose length is over the limit is refused before it arrives`() throws {
        let parser = ReplyParser(maximumReplyBytes: 1000)

        #expect(throws: StreamKitError.self) { _ = try parse(Array("*2\r\n:1\r\n$1001\r\nx".utf8)[...], with: parser) }
        let other = ReplyParser(maximumReplyBytes: 1000)
        #expect(try parse(Array("*2\r\n:1\r\n$90\r\nx".utf8)[...], with: other).isEmpty)
    }

    @Test func `many small values are refused when they take more memory than the limit`() {
        let parser = ReplyParser(maximumReplyBytes: 10_000)

        #expect(throws: StreamKitError.self) {
            _ = try parse(Array("*2147483647\r\n".utf8)[...], with: parser)
            for _ in 0..<1_000 { _ = try parse(Array(":1\r\n".utf8)[...], with: parser) }
        }
    }

    @Test func `random bytes never bring the parser down`() {
        var random = SeededGenerator(seed: 42)
        for _ in 0..<20_000 {
            let parser = ReplyParser()
            let alphabet = Array("*$+-:0123456789\r\n\r\nab".utf8)
            let length = Int.random(in: 1...60, using: &random)
            let bytes = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let replies = (try? parse(bytes[...], with: parser)) ?? []
            for reply in replies {
                _ = reply.description
                _ = try? StreamEntry.all(in: reply)
                _ = try? reply.entriesByStream()
                _ = try? reply.entriesOfOneStream()
            }
        }
    }

    private func parse(_ bytes: ArraySlice<UInt8>, with parser: ReplyParser) throws -> [Reply] {
        try bytes.withUnsafeBytes { try parser.replies(in: $0) }
    }
}
