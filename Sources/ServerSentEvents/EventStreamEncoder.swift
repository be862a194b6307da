/// Writes `text/event-stream`: events, comments and the reconnection time.
///
/// Whatever the values hold, they cannot end their own field. Data and comments are split into as
/// many lines as they have line breaks (`\n`, `\r\n`, `\r`); an ID or an event name has no lines, so
/// a break in one of them, or the NUL that makes clients ignore an ID, becomes a space.
public struct EventStreamEncoder: Sendable {
    /// Creates an encoder.
    ///
    /// It has no state; one serves any number of streams.
    public init() {}

    /// The bytes of one event, with the blank line that makes the client deliver it.
    public func encode(_ event: ServerSentEvent) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(event.data.utf8.count + 64)
        if let id = event.id { Self.field("id", singleLine: id, into: &out) }
        if let name = event.event, !name.isEmpty { Self.field("event", singleLine: name, into: &out) }
        Self.forEachLine(of: event.data) { Self.field("data", $0, into: &out) }
        out.append(Self.lineFeed)
        return out
    }

    /// The bytes of a comment, which clients skip.
    ///
    /// An empty one keeps an idle connection alive.
    public func comment(_ text: String = "") -> [UInt8] {
        var out: [UInt8] = []
        Self.forEachLine(of: text) { Self.field("", $0, into: &out) }
        out.append(Self.lineFeed)
        return out
    }

    /// The bytes that tell the client how long to wait before it reconnects.
    ///
    /// - Parameter delay: Sent in whole milliseconds; a negative one is sent as 0.
    /// - Returns: The bytes of the field `retry`.
    public func retry(after delay: Duration) -> [UInt8] {
        let (seconds, attoseconds) = delay.components
        let milliseconds = max(0, min(seconds, 1 << 50) * 1_000 + attoseconds / 1_000_000_000_000_000)
        return Array("retry: \(milliseconds)\n\n".utf8)
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private static func field(_ name: String, _ value: some Sequence<UInt8>, into out: inout [UInt8]) {
        out.append(contentsOf: name.utf8)
        // The space is the one that parsers drop, so a value that starts with a space keeps its own.
        out.append(contentsOf: [UInt8(ascii: ":"), UInt8(ascii: " ")])
        out.append(contentsOf: value)
        out.append(lineFeed)
    }

    private static func field(_ name: String, singleLine value: String, into out: inout [UInt8]) {
        let breaks: Set<UInt8> = [lineFeed, carriageReturn, 0]
        field(name, value.utf8.lazy.map { breaks.contains($0) ? UInt8(ascii: " ") : $0 }, into: &out)
    }

    /// Calls `body` for each line, by bytes: Swift counts `\r\n` as one character, the format as one break.
    private static func forEachLine(of text: String, _ body: (Substring.UTF8View) -> Void) {
        let bytes = text.utf8
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(where: { $0 == lineFeed || $0 == carriageReturn }) {
            body(bytes[start..<end])
            start = bytes.index(after: end)
            if bytes[end] == carriageReturn, start < bytes.endIndex, bytes[start] == lineFeed {
                start = bytes.index(after: start)
            }
        }
        body(bytes[start...])
    }
}
