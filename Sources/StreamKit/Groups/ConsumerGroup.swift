/// A consumer group: its consumers share a stream's entries, each entry going to one of them.
///
/// An entry that was delivered stays pending until it is acknowledged, so what a crashed consumer held
/// can be found and claimed. Source: <https://redis.io/docs/latest/develop/data-types/streams/#consumer-groups>
public struct ConsumerGroup: Sendable {
    /// The stream that is shared.
    public let stream: RedisStream
    /// The group's name.
    public let name: String

    /// Creates the group, and the stream with it if there is none (XGROUP CREATE … MKSTREAM).
    ///
    /// - Parameter start: what the group has yet to deliver.
    /// - Returns: `false` if the group was there already; it is left as it is.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func create(from start: StreamPosition = .beginning) async throws -> Bool {
        do {
            try await stream.redis.send("XGROUP", "CREATE", stream.key, name, start.groupStart, "MKSTREAM")
            return true
        } catch let StreamKitError.server(error) where error.prefix == "BUSYGROUP" {
            return false
        }
    }

    /// Removes the group with its consumers and pending entries (XGROUP DESTROY).
    ///
    /// - Returns: whether it was there.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func remove() async throws -> Bool {
        try await stream.redis.send("XGROUP", "DESTROY", stream.key, name).count("XGROUP DESTROY") > 0
    }

    /// Marks entries as done (XACK).
    ///
    /// Doing so twice does no harm, so StreamKit sends it again when a reply was lost.
    ///
    /// - Parameter ids: the entries that are done.
    /// - Returns: how many of them were pending; after a lost reply, those that were still pending the second time.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func acknowledge(_ ids: [StreamID]) async throws -> Int {
        guard !ids.isEmpty else { return 0 }
        return try await stream.redis.execute(repeatable: true) { encodeAcknowledgement(of: ids, into: &$0) }.count(
            "XACK")
    }

    func encodeAcknowledgement(of ids: [StreamID], into buffer: inout ByteBuffer) {
        buffer.beginCommand("XACK", arguments: 3 + ids.count)
        buffer.argument(stream.key)
        buffer.argument(name)
        for id in ids { buffer.argument(id) }
    }

    /// Removes a consumer (XGROUP DELCONSUMER).
    ///
    /// Its pending entries are forgotten, so claim them first.
    ///
    /// - Parameter consumer: its name.
    /// - Returns: how many pending entries went with it.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func removeConsumer(_ consumer: String) async throws -> Int {
        try await stream.redis.send("XGROUP", "DELCONSUMER", stream.key, name, consumer).count("XGROUP DELCONSUMER")
    }

    /// One consumer of the group, under a name that no other process uses; nothing is sent.
    public func consumer(_ name: String) -> GroupConsumer {
        GroupConsumer(group: self, name: name)
    }
}

extension RedisStream {
    /// A group of this stream, whether it exists yet or not; nothing is sent.
    public func group(_ name: String) -> ConsumerGroup {
        ConsumerGroup(stream: self, name: name)
    }
}
