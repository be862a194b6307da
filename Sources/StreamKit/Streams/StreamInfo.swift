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
    /// The highest ID ever deleted; `0-0` if none was.
    public let maxDeletedID: StreamID
    /// How many entries were ever appended.
    public let entriesAdded: Int
    /// How many nodes the stream's tree has: the unit of approximate trimming.
    public let radixTreeNodes: Int
}

extension StreamInfo {
    /// Reads the server's answer; what an older server leaves out is 0.
    init(_ reply: Reply) throws {
        let values = reply.dictionary
        func number(_ name: String) throws -> Int { try values[name]?.number("XINFO STREAM") ?? 0 }
        func id(_ name: String) throws -> StreamID { try values[name]?.streamID("XINFO STREAM") ?? .zero }
        func entry(_ name: String) throws -> StreamEntry? {
            guard let reply = values[name], reply.kind == .array else { return nil }
            return try StreamEntry.parse(reply.storage, at: reply.index).entry
        }
        guard values["length"] != nil, values["last-generated-id"] != nil else {
            throw StreamKitError.unexpectedReply("XINFO STREAM did not answer with a stream's properties but \(reply).")
        }
        length = try number("length")
        groups = try number("groups")
        firstEntry = try entry("first-entry")
        lastEntry = try entry("last-entry")
        lastGeneratedID = try id("last-generated-id")
        maxDeletedID = try id("max-deleted-entry-id")
        entriesAdded = try number("entries-added")
        radixTreeNodes = try number("radix-tree-nodes")
    }
}
