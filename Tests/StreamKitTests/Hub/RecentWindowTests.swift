import FaultKit
import Testing

@testable import StreamKit

@Suite("The window of recent entries, and the rounds of a lane")
struct RecentWindowTests {
    private func id(_ number: Int) -> StreamID { StreamID(milliseconds: UInt64(number)) }

    @Test(arguments: 1...20) func `readers with a position miss and repeat nothing, or are told to look elsewhere`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        var window = RecentWindow<Int>(at: .zero, maximumSize: 50)
        var (log, last) = ([Int](), 0)
        var readers = (0..<5).map { _ in [Int]() }
        for _ in 0..<500 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: window.forget()
            case 1..<5:
                last += Int.random(in: 1...3, using: &random)
                log.append(last)
                window.append(last, id: id(last), size: Int.random(in: 1...20, using: &random))
            default:
                let reader = Int.random(in: 0..<5, using: &random)
                let position = readers[reader].last ?? 0
                if window.covers(id(position)) {
                    let limit = Int.random(in: 1...4, using: &random)
                    readers[reader] += window.elements(after: id(position), limit: limit)
                } else {
                    // What is elsewhere is the whole log.
                    readers[reader] += log.filter { $0 > position }
                }
            }
        }
        for reader in readers { #expect(reader == Array(log.prefix(reader.count))) }
        #expect(window.end == id(last))
    }

    @Test func `a busy stream is read by itself, and the quiet ones beside it ten times a second`() {
        var lane = HubLane()
        let start = ContinuousClock.now
        for number in 0..<100 { lane.add("s\(number)", start) }
        let later = start + .seconds(5)
        #expect(lane.nextRound(later).keys.count == 100)
        lane.noteNews(of: "s7", later)

        let rounds = (0..<1_000).map { lane.nextRound(later + .milliseconds(1) * $0) }

        #expect(rounds.count { $0.keys.count == 100 } == 10)
        #expect(rounds.count { $0.keys == ["s7"] } == 990)
        #expect(rounds.allSatisfy { $0.keys.count == 1 || $0.wait == .no })
        #expect(lane.nextRound(later + .seconds(2)).wait == .atMost(.seconds(1)))
    }
}
