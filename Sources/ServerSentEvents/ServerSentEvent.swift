/// One event of a `text/event-stream`: what a browser's `EventSource` hands to its listeners.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html>
public struct ServerSentEvent: Hashable, Sendable {
    /// The position a client sends back as `Last-Event-ID`, or nil where none was ever set.
    public var id: String?
    /// The event's type.
    ///
    /// Nil, and the empty string, mean `message`.
    public var event: String?
    /// The payload.
    ///
    /// It may hold several lines.
    public var data: String

    /// Creates an event.
    public init(id: String? = nil, event: String? = nil, data: String) {
        self.id = id
        self.event = event
        self.data = data
    }
}
