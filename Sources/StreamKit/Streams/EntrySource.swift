/// Where the entries of streams are read from.
///
/// ``Redis`` is a source in which every waiting reader takes a connection of its own. In a ``StreamHub`` all readers
/// of a process share a few.
public protocol EntrySource: Sendable {
    /// A reader of one stream, whether it exists yet or not.
    func reader(of key: String) -> any EntryReader
}

/// Reads one stream from any position on.
public protocol EntryReader: Sendable {
    /// The entries after one, waiting for the first of them if asked to.
    ///
    /// - Parameters:
    ///   - id: the entry to read after.
    ///   - limit: the most to return; `nil` sets no limit.
    ///   - wait: how long to wait when there is nothing after it.
    /// - Returns: nothing if the wait ended before an entry came.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    func read(after id: StreamID, limit: Int?, wait: ReadWait) async throws -> [StreamEntry]
}
