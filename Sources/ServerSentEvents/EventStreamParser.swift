/// Reads `text/event-stream` from chunks of bytes that may be cut anywhere, even inside a character.
///
/// Follows the specification: one leading byte-order mark is dropped, lines end with `\n`, `\r\n` or
/// `\r`, a blank line delivers the event, an event without data is not delivered, unknown fields and
/// comments are skipped, and an event that the end of the stream cuts short is never delivered.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>
public struct EventStreamParser: Sendable {
    /// The ID of the last complete event: what to send as `Last-Event-ID` after a disconnect.
    public private(set) var lastEventID: String?
    /// How long the server asks to wait before reconnecting, or nil if it has not said.
    public private(set) var reconnectionTime: Duration?

    private let maximumEventSize: Int
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var eventName = ""
    private var idOfEvent: String?
    private var afterCarriageReturn = false
    private var isFirstLine = true

    /// Creates a parser for one response.
    /// - Parameters:
    ///   - lastEventID: the ID an earlier response ended with, which events without an ID inherit.
    ///   - maximumEventSize: how many bytes one event, or one line, may hold before `parse` throws.
    public init(lastEventID: String? = nil, maximumEventSize: Int = 1 << 20) {
        self.lastEventID = lastEventID
        self.idOfEvent = lastEventID
        self.maximumEventSize = maximumEventSize
    }

    /// Reads the next bytes, and returns the events they complete.
    /// - Throws: ``EventStreamError/eventTooLarge(limit:)``; the parser is of no use afterwards.
    public mutating func parse(_ bytes: some Sequence<UInt8>) throws(EventStreamError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n"), afterCarriageReturn {
                afterCarriageReturn = false  // the second half of "\r\n", whose line has ended already
                continue
            }
            afterCarriageReturn = byte == UInt8(ascii: "\r")
            if afterCarriageReturn || byte == UInt8(ascii: "\n") {
                if let event = endLine() { events.append(event) }
            } else {
                guard line.count + data.count < maximumEventSize else { throw .eventTooLarge(limit: maximumEventSize) }
                line.append(byte)
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else { return endEvent() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        interpret(field: String(decoding: line[..<colon], as: UTF8.self), value: value)
        return nil
    }

    private mutating func interpret(field: String, value: ArraySlice<UInt8>) {
        switch field {
        case "data":
            if hasData { data.append(UInt8(ascii: "\n")) }
            data.append(contentsOf: value)
            hasData = true
        case "event":
            eventName = String(decoding: value, as: UTF8.self)
        case "id" where !value.contains(0):
            idOfEvent = String(decoding: value, as: UTF8.self)
        case "retry" where !value.isEmpty && value.allSatisfy({ (0x30...0x39).contains($0) }):
            // A number too large to be a time leaves the former one in force.
            if let time = Int64(String(decoding: value, as: UTF8.self)) { reconnectionTime = .milliseconds(time) }
        default:
            break  // a comment (its field name is empty), or a field of some later standard
        }
    }

    private mutating func endEvent() -> ServerSentEvent? {
        defer {
            data.removeAll(keepingCapacity: true)
            hasData = false
            eventName = ""
        }
        // An empty `id` field takes the position back: the client then has none to send.
        lastEventID = idOfEvent?.isEmpty == true ? nil : idOfEvent
        guard hasData else { return nil }
        return ServerSentEvent(
            id: lastEventID,
            event: eventName.isEmpty ? nil : eventName,
            data: String(decoding: data, as: UTF8.self)
        )
    }
}
