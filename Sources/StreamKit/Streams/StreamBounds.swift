// Places in a stream, and how much of it to keep: ends of a range, where a reader starts, and trimming.

/// One end of a range of entries.
public enum StreamBound: Sendable, Hashable {
    /// The oldest entry (`-`).
    case first
    /// The newest entry (`+`).
    case last
    /// This entry, included.
    case id(StreamID)
    /// What comes after this entry (`(id`), itself excluded.
    case after(StreamID)
    /// What comes before this entry (`(id`), itself excluded.
    case before(StreamID)

    var argument: String {
        switch self {
        case .first: "-"
        case .last: "+"
        case .id(let id): id.description
        case .after(let id), .before(let id): "(\(id)"
        }
    }
}

/// Where a reader starts.
public enum StreamPosition: Sendable, Hashable {
    /// With the oldest entry.
    case beginning
    /// With what is appended from now on (`$`).
    case now
    /// With the first entry after this one.
    case after(StreamID)

    var groupStart: String {
        switch self {
        case .beginning: "0"
        case .now: "$"
        case .after(let id): id.description
        }
    }
}

/// How much of a stream to keep.
///
/// Approximate trimming removes whole nodes of the stream's tree, so a few entries more than asked may
/// stay; it is much cheaper. Source: <https://redis.io/docs/latest/commands/xtrim/>
public enum StreamTrim: Sendable, Hashable {
    /// Keep about this many of the newest entries, or exactly this many.
    case maximumLength(Int, exact: Bool = false)
    /// Keep the entries from this ID on.
    case minimumID(StreamID, exact: Bool = false)

    static let argumentCount = 3

    func write(to buffer: inout ByteBuffer) {
        switch self {
        case .maximumLength(let length, let exact):
            buffer.argument("MAXLEN")
            exact ? buffer.argument("=") : buffer.argument("~")
            buffer.argument(length)
        case .minimumID(let id, let exact):
            buffer.argument("MINID")
            exact ? buffer.argument("=") : buffer.argument("~")
            buffer.argument(id)
        }
    }
}
