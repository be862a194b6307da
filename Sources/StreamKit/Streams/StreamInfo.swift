/// What XINFO STREAM says about a stream.
///
/// Source: <https://redis.io/docs/latest/commands/xinfo-stream/>
public struct StreamInfo: Sendable {
    /// The number of entries.
    public let length: Int
    /// The number of consumer groups.
    public let groups: Int
    /// The oldest entry, if there is one.
    public let firstEntry: StreamEntry?
    /// The newest entry, if there is one.
    public let lastEntry: StreamEntry?
    /// The highest ID ever given, even if that entry is gone.
    public let lastGeneratedID: StreamID
    /// How many entries were ever appended.
    public let entriesAdded: Int
}

extension StreamInfo {
    /// Reads the server's answer; what an older server leaves out is 0.
    init(_ reply: Reply) throws {
        let values = reply.dictionary
        func number(_ name: String) throws -> Int { try values[name]?.number("XINFO STREAM") ?? 0 }
        func entry(_ name: String) throws -> StreamEntry? {
            guard let reply = values[name], reply.kind == .array else { return nil }
            return try StreamEntry.parse(reply.storage, at: reply.index).entry
        }
        guard values["length"] != nil, let lastID = values["last-generated-id"] else {
            throw StreamKitError.unexpectedReply("XINFO STREAM did not answer with a stream's properties but \(reply).")
        }
        length = try number("length")
        groups = try number("groups")
        firstEntry = try entry("first-entry")
        lastEntry = try entry("last-entry")
        lastGeneratedID = try lastID.streamID("XINFO STREAM")
        entriesAdded = try number("entries-added")
    }
}
