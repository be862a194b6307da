/// Why a `text/event-stream` could not be read on.
public enum EventStreamError: Error, Hashable, CustomStringConvertible {
    /// One event grew past the limit. The other side is broken or hostile: close the connection.
    case eventTooLarge(limit: Int)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .eventTooLarge(let limit):
            "One event of the stream is larger than \(limit) bytes. "
                + "Close the connection, or raise the parser's maximumEventSize."
        }
    }
}
