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
    /// The highest ID ever given, also if that entry is gone.
    public let lastGeneratedID: StreamID
    /// The highest ID ever deleted; `0-0` if none was.
    public let maxDeletedID: StreamID
    /// How many entries were ever appended.
    public let entriesAdded: Int
    /// How many nodes the stream's tree has: the unit of approximate trimming.
    public let radixTreeNodes: Int
}

extension RedisStream {
    /// What the server knows about the stream (XINFO STREAM); `nil` if there is no such key.
    public func info() async throws -> StreamInfo? {
        let reply: Reply
        do {
            reply = try await redis.execute(repeatable: true) { buffer in
                buffer.beginCommand("XINFO", words: 3)
                buffer.word("STREAM")
                buffer.word(key)
            }
        } catch let StreamKitError.server(error) where error.message.contains("no such key") {
            return nil
        }
        let values = reply.dictionary
        func number(_ name: String) -> Int { values[name]?.integer ?? 0 }
        func id(_ name: String) -> StreamID { values[name]?.text.flatMap { StreamID($0) } ?? .zero }
        func entry(_ name: String) throws -> StreamEntry? {
            guard let reply = values[name], reply.kind == .array else { return nil }
            return try StreamEntry.parse(reply.storage, at: reply.index).entry
        }
        return StreamInfo(
            length: number("length"), groups: number("groups"), firstEntry: try entry("first-entry"),
            lastEntry: try entry("last-entry"), lastGeneratedID: id("last-generated-id"),
            maxDeletedID: id("max-deleted-entry-id"), entriesAdded: number("entries-added"),
            radixTreeNodes: number("radix-tree-nodes"))
    }

    /// The highest ID ever given in this stream, also if that entry is gone; `nil` if there is no such key.
    public func lastID() async throws -> StreamID? {
        try await info()?.lastGeneratedID
    }
}

extension Reply {
    /// An array of names and values, as XINFO answers, by name.
    var dictionary: [String: Reply] {
        let all = elements ?? []
        return Dictionary(
            stride(from: 0, to: all.count - 1, by: 2).map { (all[$0].text ?? "", all[$0 + 1]) },
            uniquingKeysWith: { first, _ in first })
    }
}
