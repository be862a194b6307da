/// What the readers of one group consumer were given, and where entries may lie that none of them got.
///
/// The server counts an entry as delivered once it has sent it. If the reply is lost, or its reader was cancelled,
/// only the consumer's pending entries show it. Where several readers are under way, what is found there may also be
/// an entry that another of them was given, or will be given in a moment; each entry goes to the first that asks.
struct GroupProgress {
    /// The highest ID that a reader was given.
    private var last = StreamID.zero
    /// Entries after it may have been delivered to no reader; `nil` if every reader got what was sent to it.
    private var doubt: StreamID?
    /// How often a reader did not get what was sent to it, as far as anybody knows.
    private var doubts = 0
    /// For each read under way, the highest ID that a reader had been given when the server was asked.
    private var reads: [Int: StreamID] = [:]
    private var readCount = 0
    /// What readers were given after the floor: entries that may turn up a second time.
    private var given: Set<StreamID> = []
    private var floor = StreamID.zero

    /// A look at the pending entries, to find what no reader got.
    struct Search {
        let read: Int
        /// Only entries after this one are of interest.
        let start: StreamID
        fileprivate let doubts: Int
    }

    /// Whether entries may have been delivered that no reader got.
    var isUnsure: Bool { doubt != nil }

    // MARK: Reads of new entries

    /// Notes that the server is asked for new entries.
    /// - Returns: the number of the read.
    mutating func begin() -> Int {
        readCount += 1
        reads[readCount] = last
        return readCount
    }

    /// Takes what the server answered to a read, which may go on.
    /// - Returns: what no other reader was given.
    mutating func take<Entry: Identifiable<StreamID>>(_ entries: [Entry], by read: Int) -> [Entry] {
        let new = note(entries)
        reads[read] = last
        lift()
        return new
    }

    /// Notes that a read is over.
    mutating func end(_ read: Int) {
        reads[read] = nil
        lift()
    }

    /// Notes that a read ended without its answer, which may have held entries.
    mutating func lose(_ read: Int) {
        let start = reads[read] ?? .zero
        doubt = min(doubt ?? start, start)
        doubts += 1
        end(read)
    }

    /// Notes entries that a reader is given.
    /// - Returns: those of them that none was given before.
    @discardableResult
    mutating func note<Entry: Identifiable<StreamID>>(_ entries: [Entry]) -> [Entry] {
        let new = given.isEmpty ? entries : entries.filter { !given.contains($0.id) }
        if doubt != nil || reads.count > 1 { for entry in new where entry.id > floor { given.insert(entry.id) } }
        last = max(last, new.last?.id ?? .zero)
        return new
    }

    // MARK: Searches

    /// Begins a search, if one is needed.
    mutating func beginSearch() -> Search? {
        guard let doubt else { return nil }
        readCount += 1
        reads[readCount] = doubt
        return Search(read: readCount, start: doubt, doubts: doubts)
    }

    /// Takes one page of the pending entries.
    ///
    /// - Parameters:
    ///   - page: the entries that still exist.
    ///   - end: the last ID of the page; `nil` if there was nothing.
    ///   - search: what ``beginSearch()`` returned.
    /// - Returns: what no reader was given.
    mutating func take<Entry: Identifiable<StreamID>>(
        _ page: [Entry], upTo end: StreamID?, in search: Search
    ) -> [Entry] {
        let new = note(page)
        // A doubt that arose meanwhile may be about entries that the page could not show yet.
        if doubts == search.doubts, let doubt { self.doubt = end.map { max($0, doubt) } }
        return new
    }

    /// Lets the next search find all that is pending, even what readers were given.
    mutating func startOver() {
        (last, doubt, given, floor) = (.zero, .zero, [], .zero)
        doubts += 1
    }

    /// Forgets what cannot turn up a second time.
    private mutating func lift() {
        guard !given.isEmpty else { return }
        guard let lowest = (reads.values + [doubt].compactMap(\.self)).min() else { return given = [] }
        guard lowest > floor else { return }
        floor = lowest
        given = given.filter { $0 > lowest }
    }
}
