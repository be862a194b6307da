import FaultKit
import Testing

@testable import StreamKit

/// What readers of one consumer get: no connection, no task.
@Suite("The progress of a group consumer")
struct GroupProgressTests {
    @Test(arguments: 0..<50)
    func `whatever readers lose, each entry reaches one of them`(seed: UInt64) {
        var model = Model(seed: seed)
        for _ in 0..<4_000 { model.step() }
        model.finish()

        #expect(model.received.sorted() == model.delivered)
        // A run in which nothing went wrong would prove nothing.
        #expect(model.losses > 100)
        #expect(model.repeats > 100)
    }
}

/// Readers of one consumer, and a server that delivers to them, in a random order.
private struct Model {
    private struct Entry: Identifiable {
        let id: StreamID
    }

    private struct Search {
        let began: GroupProgress.Search
        var page: (entries: [Entry], end: StreamID?)?
    }

    private var random: SeededGenerator
    private var progress = GroupProgress()
    /// The reads that the server can deliver to, and what it sent to each.
    private var reads: [Int: [Entry]] = [:]
    /// How many reads were lost to which the server can still deliver.
    private var lost = 0
    private var searches: [Search] = []
    /// What the server delivered and what readers got.
    private(set) var delivered: [StreamID] = []
    private(set) var received: [StreamID] = []
    private(set) var losses = 0
    private(set) var repeats = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func step() {
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1: if reads.count < 5 { reads[progress.begin()] = [] }
        case 2, 3, 4: deliver()
        case 5, 6: answer()
        case 7: lose()
        case 8, 9: if searches.count < 3, let search = progress.beginSearch() { searches.append(Search(began: search)) }
        case 10: look()
        default: endSearch()
        }
    }

    /// Answers all that is under way, and searches until no doubt is left.
    mutating func finish() {
        for read in reads.keys.sorted() { answer(read) }
        repeat {
            if let search = progress.beginSearch() { searches.append(Search(began: search)) }
            for _ in searches {
                look()
                endSearch()
            }
        } while progress.isUnsure || !searches.isEmpty
    }

    /// Sends a few entries to a reader, perhaps to one that nobody listens to.
    private mutating func deliver() {
        let readers = reads.filter(\.value.isEmpty).keys.sorted()
        let goesAstray = lost > 0 && Bool.random(using: &random)
        guard let read = readers.randomElement(using: &random), !goesAstray else {
            if goesAstray {
                lost -= 1
                _ = newEntries()
            }
            return
        }
        reads[read] = newEntries()
    }

    private mutating func newEntries() -> [Entry] {
        let count = Int.random(in: 1...3, using: &random)
        let ids = (1...count).map { StreamID(milliseconds: UInt64(delivered.count + $0)) }
        delivered += ids
        return ids.map(Entry.init)
    }

    private mutating func answer() {
        if let read = reads.keys.sorted().randomElement(using: &random) { answer(read) }
    }

    private mutating func answer(_ read: Int) {
        guard let entries = reads.updateValue([], forKey: read) else { return }
        receive(progress.take(entries, by: read), of: entries)
        // A round that brought nothing is followed by another one.
        guard entries.isEmpty, Bool.random(using: &random) else {
            progress.end(read)
            reads[read] = nil
            return
        }
    }

    private mutating func receive(_ new: [Entry], of all: [Entry]) {
        received += new.map(\.id)
        repeats += all.count - new.count
    }

    private mutating func lose() {
        guard let read = reads.keys.sorted().randomElement(using: &random) else { return }
        if reads.removeValue(forKey: read)?.isEmpty == true { lost += 1 }
        progress.lose(read)
        losses += 1
    }

    /// Ends the lost reads, then shows a page of what is pending.
    private mutating func look() {
        guard let place = searches.firstIndex(where: { $0.page == nil }) else { return }
        lost = 0
        let limit = Int.random(in: 1...20, using: &random)
        let ids = delivered.filter { $0 > searches[place].began.start }.prefix(limit)
        searches[place].page = (ids.map(Entry.init), ids.last)
    }

    private mutating func endSearch() {
        guard let place = searches.indices.filter({ searches[$0].page != nil }).randomElement(using: &random),
            let page = searches[place].page
        else { return }
        let search = searches.remove(at: place).began
        receive(progress.take(page.entries, upTo: page.end, in: search), of: page.entries)
        progress.end(search.read)
    }
}
