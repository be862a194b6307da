import ServerSentEvents
import Testing

@Suite("Parsing an event stream")
struct EventStreamParserTests {
    private func parse(_ text: String) throws -> [ServerSentEvent] {
        var parser = EventStreamParser()
        return try parser.parse(text.utf8)
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `lines may end in any of the three ways`(end: String) throws {
        let text = ["id: 7-0", "event: greeting", "data: a", "data: b", "", ""].joined(separator: end)
        #expect(try parse(text) == [ServerSentEvent(id: "7-0", event: "greeting", data: "a\nb")])
    }

    @Test func `the examples of the specification come out as it says`() throws {
        #expect(try parse("data: YHOO\ndata: +2\ndata: 10\n\n").map(\.data) == ["YHOO\n+2\n10"])
        let four = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"
        #expect(
            try parse(four) == [
                ServerSentEvent(id: "1", data: "first event"), ServerSentEvent(id: nil, data: "second event"),
            ])
        #expect(try parse("data\n\ndata\ndata\n\ndata:").map(\.data) == ["", "\n"])
        #expect(try parse("data:test\n\ndata: test\n\n").map(\.data) == ["test", "test"])
    }

    @Test func `chunks may be cut at every byte, also inside a character`() throws {
        let event = ServerSentEvent(id: "1-0", event: "message", data: "Tōkyō 🗼\r\n</script>\n\n日本 ")
        let bytes = EventStreamEncoder().encode(event) + EventStreamEncoder().encode(event)
        var whole = EventStreamParser()
        let expected = try whole.parse(bytes)
        #expect(expected.count == 2)
        for cut in bytes.indices {
            var parser = EventStreamParser()
            #expect(try parser.parse(bytes[..<cut]) + parser.parse(bytes[cut...]) == expected)
        }
        var byteByByte = EventStreamParser()
        #expect(try bytes.flatMap { try byteByByte.parse([$0]) } == expected)
    }

    @Test func `a carriage return delivers at once and swallows the line feed that follows`() throws {
        var parser = EventStreamParser()
        #expect(try parser.parse("data: a\r\n\r".utf8).map(\.data) == ["a"])
        #expect(try parser.parse("\ndata: b\n\n".utf8).map(\.data) == ["b"])
    }

    @Test func `one byte order mark is dropped, and only at the start`() throws {
        #expect(try parse("\u{FEFF}data: a\n\n").map(\.data) == ["a"])
        #expect(try parse("data: a\n\n\u{FEFF}data: b\n\n").map(\.data) == ["a"])
    }

    @Test func `an event the stream cuts short is never delivered, nor its id kept`() throws {
        var parser = EventStreamParser()
        let events = try parser.parse("id: 1\ndata: a\n\nid: 2\ndata: b".utf8)
        #expect(events.map(\.data) == ["a"])
        #expect(parser.lastEventID == "1")
    }

    @Test func `an id stays in force until another is set, and survives a reconnect`() throws {
        var parser = EventStreamParser(lastEventID: "4-0")
        let events = try parser.parse("data: a\n\nid: 5-0\n\ndata: b\n\nid: 6\u{0}\ndata: c\n\n".utf8)
        #expect(events.map(\.id) == ["4-0", "5-0", "5-0"])
    }

    @Test func `only digits set the reconnection time`() throws {
        var parser = EventStreamParser()
        _ = try parser.parse("retry: 2500\nretry: 1s\nretry: -1\nretry:\n".utf8)
        #expect(parser.reconnectionTime == .milliseconds(2_500))
    }

    @Test func `a reconnection time too large to be one leaves the former in force`() throws {
        var parser = EventStreamParser()
        _ = try parser.parse("retry: 2500\nretry: 99999999999999999999\n".utf8)
        #expect(parser.reconnectionTime == .milliseconds(2_500))
    }

    @Test func `an id that holds NUL is ignored, and an empty one takes the position back`() throws {
        var parser = EventStreamParser(lastEventID: "1-0")
        let events = try parser.parse("id: 2\u{0}0\ndata: a\n\nid\ndata: b\n\nid: 3-0\ndata: c\n\n".utf8)
        #expect(events.map(\.id) == ["1-0", nil, "3-0"])
        #expect(parser.lastEventID == "3-0")
    }

    @Test func `comments and unknown fields change nothing`() throws {
        let text = ": ping\n:\ndata: a\n: data: b\nDATA: c\n data: d\nfoo: e\n\n"
        #expect(try parse(text) == [ServerSentEvent(data: "a")])
    }

    @Test func `an event may have a name and no data, and then is not delivered`() throws {
        #expect(try parse("event: a\nid: 1-0\n\ndata: b\n\n") == [ServerSentEvent(id: "1-0", data: "b")])
    }

    @Test func `bytes that are not UTF-8 are replaced, not fatal`() throws {
        var parser = EventStreamParser()
        let events = try parser.parse(Array("data: ".utf8) + [0xFF] + Array("\n\n".utf8))
        #expect(events.map(\.data) == ["\u{FFFD}"])
    }

    @Test func `an endless event is refused`() {
        var parser = EventStreamParser(maximumEventSize: 100)
        #expect(throws: EventStreamError.eventTooLarge(limit: 100)) {
            for _ in 0..<50 { _ = try parser.parse("data: more\n".utf8) }
        }
    }
}
