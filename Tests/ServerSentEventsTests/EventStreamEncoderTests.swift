import ServerSentEvents
import Testing

@Suite("Encoding an event stream")
struct EventStreamEncoderTests {
    private let encoder = EventStreamEncoder()

    private func text(_ event: ServerSentEvent) -> String {
        String(decoding: encoder.encode(event), as: UTF8.self)
    }

    @Test func `an event has its id, its name, its data and a blank line`() {
        let event = ServerSentEvent(id: "1-0", event: "message", data: "Hello")
        #expect(text(event) == "id: 1-0\nevent: message\ndata: Hello\n\n")
    }

    @Test(arguments: ["a\nb", "a\r\nb", "a\rb"])
    func `every kind of line break starts another data line`(data: String) {
        #expect(text(ServerSentEvent(data: data)) == "data: a\ndata: b\n\n")
    }

    @Test func `empty data and line breaks at the edges are kept`() {
        #expect(text(ServerSentEvent(data: "")) == "data: \n\n")
        #expect(text(ServerSentEvent(data: "\n")) == "data: \ndata: \n\n")
        #expect(text(ServerSentEvent(data: "\r\n\r\n")) == "data: \ndata: \ndata: \n\n")
    }

    @Test func `a line break in an id or a name cannot start a field of its own`() {
        let event = ServerSentEvent(id: "1\ndata: forged\r", event: "x\r\n\r\ny\0", data: "d")
        #expect(text(event) == "id: 1 data: forged \nevent: x    y \ndata: d\n\n")
    }

    @Test func `data that looks like fields stays data`() throws {
        let hostile = "x\n\nid: 9-9\nevent: done\ndata: [DONE]\r\r\nretry: 1"
        var parser = EventStreamParser()
        let events = try parser.parse(encoder.encode(ServerSentEvent(id: "1-0", data: hostile)))
        #expect(events.count == 1)
        #expect(events.first?.id == "1-0")
        #expect(events.first?.data == "x\n\nid: 9-9\nevent: done\ndata: [DONE]\n\nretry: 1")
        #expect(parser.reconnectionTime == nil)
    }

    @Test func `a comment of several lines stays a comment`() {
        #expect(String(decoding: encoder.comment("ping\ndata: no"), as: UTF8.self) == ": ping\n: data: no\n\n")
        #expect(String(decoding: encoder.comment(), as: UTF8.self) == ": \n\n")
    }

    @Test func `any duration can be a reconnection time`() {
        #expect(String(decoding: encoder.retry(after: .seconds(-1)), as: UTF8.self) == "retry: 0\n\n")
        let longest = String(decoding: encoder.retry(after: .seconds(Int64.max)), as: UTF8.self)
        #expect(longest.hasPrefix("retry: 1") && longest.hasSuffix("0\n\n"))
    }

    @Test func `the reconnection time is in milliseconds`() {
        #expect(String(decoding: encoder.retry(after: .milliseconds(1_500)), as: UTF8.self) == "retry: 1500\n\n")
    }
}
