import ServerSentEvents
import Testing

/// The rules of <https://html.spec.whatwg.org/multipage/server-sent-events.html>, one row each.
///
/// Every row is read in one piece, byte by byte, and cut in two at every byte.
@Suite("The specification of event streams, rule by rule")
struct SpecificationTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let rule: String
        let bytes: [UInt8]
        let events: [ServerSentEvent]
        var lastEventID: String?
        var reconnectionTime: Duration?
        var testDescription: String { rule }

        init(
            _ rule: String, _ text: String, _ events: [ServerSentEvent], lastEventID: String? = nil,
            reconnectionTime: Duration? = nil
        ) {
            self.init(
                rule, bytes: Array(text.utf8), events, lastEventID: lastEventID, reconnectionTime: reconnectionTime)
        }

        init(
            _ rule: String, bytes: [UInt8], _ events: [ServerSentEvent], lastEventID: String? = nil,
            reconnectionTime: Duration? = nil
        ) {
            (self.rule, self.bytes, self.events) = (rule, bytes, events)
            (self.lastEventID, self.reconnectionTime) = (lastEventID, reconnectionTime)
        }
    }

    @Test(arguments: lines + fields + ids + times + characters)
    func `holds, wherever the bytes are cut`(row: Row) throws {
        var pieces = row.bytes.indices.map { [Array(row.bytes[..<$0]), Array(row.bytes[$0...])] }
        pieces.append([row.bytes])
        pieces.append(row.bytes.map { [$0] })
        for chunks in pieces {
            var parser = EventStreamParser()
            let events = try chunks.flatMap { try parser.parse($0) }
            #expect(events == row.events, "\(chunks.map(\.count))")
            #expect(parser.lastEventID == row.lastEventID)
            #expect(parser.reconnectionTime == row.reconnectionTime)
        }
    }

    private static func data(_ texts: String...) -> [ServerSentEvent] { texts.map { ServerSentEvent(data: $0) } }

    static let lines: [Row] = [
        Row("LF ends a line", "data: a\n\n", data("a")),
        Row("CR ends a line", "data: a\r\r", data("a")),
        Row("CR LF ends one line, not two", "data: a\r\ndata: b\r\n\r\n", data("a\nb")),
        Row("the three may be mixed", "data: a\rdata: b\ndata: c\r\n\r", data("a\nb\nc")),
        Row("LF CR ends two lines", "data: a\n\rdata: b\n\n", data("a", "b")),
        Row("other line separators are text", "data: a\u{2028}b\u{85}c\u{B}d\n\n", data("a\u{2028}b\u{85}c\u{B}d")),
        Row("a line cut short is not read", "data: a\n\ndata: b", data("a")),
        Row("an event without a blank line is not delivered", "data: a\n\ndata: b\n", data("a")),
        Row("blank lines alone deliver nothing", "\n\r\n\r\r", []),
    ]

    static let fields: [Row] = [
        Row("one space after the colon is dropped", "data:a\n\ndata: a\n\ndata:  a\n\n", data("a", "a", " a")),
        Row("a tab is not a space", "data:\ta\n\n", data("\ta")),
        Row("only the first colon separates", "data: a: b\n\n", data("a: b")),
        Row("a line without a colon is a field without a value", "data\n\ndata\ndata\n\n", data("", "\n")),
        Row("several data lines are joined by LF", "data: a\ndata:\ndata: b\n\n", data("a\n\nb")),
        Row("a comment is skipped, also within an event", ": c\ndata: a\n:\ndata: b\n\n", data("a\nb")),
        Row("an unknown field is skipped", "x: 1\ndata: a\ndata : b\n data: c\n\n", data("a")),
        Row("names of fields are compared as they are", "Data: a\nDATA: b\n\ndata: c\n\n", data("c")),
        Row("an event may have a name", "event: e\ndata: a\n\n", [ServerSentEvent(event: "e", data: "a")]),
        Row("the last name counts", "event: d\nevent: e\ndata: a\n\n", [ServerSentEvent(event: "e", data: "a")]),
        Row("an empty name is none", "event: e\nevent:\ndata: a\n\n", data("a")),
        Row(
            "a name is for one event", "event: e\ndata: a\n\ndata: b\n\n",
            [
                ServerSentEvent(event: "e", data: "a"), ServerSentEvent(data: "b"),
            ]),
        Row("an event without data is dropped with its name", "event: e\n\ndata: a\n\n", data("a")),
    ]

    static let ids: [Row] = [
        Row(
            "an id stays in force", "id: 1\ndata: a\n\ndata: b\n\n",
            [
                ServerSentEvent(id: "1", data: "a"), ServerSentEvent(id: "1", data: "b"),
            ], lastEventID: "1"),
        Row("an id without data counts", "id: 1\n\n", [], lastEventID: "1"),
        Row(
            "an id whose event is not complete does not count", "id: 1\ndata: a\n\nid: 2\n",
            [
                ServerSentEvent(id: "1", data: "a")
            ], lastEventID: "1"),
        Row(
            "an empty id takes the former back", "id: 1\ndata: a\n\nid:\ndata: b\n\n",
            [
                ServerSentEvent(id: "1", data: "a"), ServerSentEvent(data: "b"),
            ]),
        Row("so does one without a colon", "id: 1\n\nid\ndata: b\n\n", data("b")),
        Row(
            "an id with NUL is ignored", "id: 1\ndata: a\n\nid: 2\u{0}\ndata: b\n\n",
            [
                ServerSentEvent(id: "1", data: "a"), ServerSentEvent(id: "1", data: "b"),
            ], lastEventID: "1"),
        Row(
            "NUL in data and in a name is kept", "event: e\u{0}\ndata: \u{0}\n\n",
            [
                ServerSentEvent(event: "e\u{0}", data: "\u{0}")
            ]),
    ]

    static let times: [Row] = [
        Row("retry is a number of milliseconds", "retry: 1500\n\n", [], reconnectionTime: .milliseconds(1_500)),
        Row("it needs no blank line", "retry: 007\n", [], reconnectionTime: .milliseconds(7)),
        Row(
            "anything but digits is ignored", "retry: 5\nretry: 1.5\nretry: -1\nretry: +1\nretry: 1 \nretry: ١\n", [],
            reconnectionTime: .milliseconds(5)),
        Row("so is nothing at all", "retry:\nretry\n", []),
    ]

    static let characters: [Row] = [
        Row("one byte-order mark is dropped at the beginning", "\u{FEFF}data: a\n\n", data("a")),
        Row("a second one belongs to the name of the field", "\u{FEFF}\u{FEFF}data: a\n\ndata: b\n\n", data("b")),
        Row("later ones are text", "data: \u{FEFF}a\n\n\u{FEFF}data: b\n\n", data("\u{FEFF}a")),
        Row("a mark may stand before the blank line", "\u{FEFF}\ndata: a\n\n", data("a")),
        Row("characters of four bytes", "data: 🗼é日\n\n", data("🗼é日")),
        Row(
            "a wrong byte is replaced", bytes: Array("data: a".utf8) + [0xFF] + Array("b\n\n".utf8), data("a\u{FFFD}b")),
        Row(
            "a cut character is replaced once", bytes: Array("data: ".utf8) + [0xF0, 0x9F, 0x97] + Array("\n\n".utf8),
            data("\u{FFFD}")),
        Row(
            "an overlong form is replaced byte by byte",
            bytes: Array("data: ".utf8) + [0xC0, 0xAF] + Array("\n\n".utf8),
            data("\u{FFFD}\u{FFFD}")),
        Row(
            "a surrogate is replaced byte by byte",
            bytes: Array("data: ".utf8) + [0xED, 0xA0, 0x80] + Array("\n\n".utf8),
            data("\u{FFFD}\u{FFFD}\u{FFFD}")),
    ]

    @Test func `what the encoder writes is read back, whatever it holds`() throws {
        let texts = [
            "", " ", "a", " a", "a\n", "\n\n", "a\rb\r\nc", ": x", "data: x", "id", "\u{FEFF}", "\u{0}", "🗼\u{2028}",
        ]
        for text in texts {
            for event in [ServerSentEvent(id: "1-0", event: "e", data: text), ServerSentEvent(id: "1-0", data: text)] {
                var parser = EventStreamParser()
                let bytes = EventStreamEncoder().encode(event)
                let read = try bytes.flatMap { try parser.parse([$0]) }
                var expected = event
                expected.data = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
                #expect(read == [expected], "\(Array(text.utf8))")
            }
        }
    }
}
