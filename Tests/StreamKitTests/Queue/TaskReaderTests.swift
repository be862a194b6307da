import Testing

@testable import StreamKit

@Suite("What a worker asks each stream of a queue for")
struct TaskReaderTests {
    private static let streams = QueueStream.allCases

    @Test(arguments: streams, [nil, 1, 2, 3, 4])
    func `one round never asks for more tasks than there are places, and each stream is asked once`(
        busy: QueueStream, turn: Int?
    ) {
        for places in 1...100 {
            let rounds = TaskReader.shares(of: places, busy: busy, turn: turn)
            for round in rounds {
                #expect(round.map(\.limit).reduce(0, +) <= places)
                #expect(round.allSatisfy { $0.limit > 0 })
            }
            #expect(Set(rounds.joined().map(\.stream)) == Set(Self.streams))
            #expect(rounds.joined().count == Self.streams.count)
        }
    }

    @Test func `most places go to the busy stream, and one to each that is more urgent`() {
        let rounds = TaskReader.shares(of: 50, busy: .normal, turn: nil)
        #expect(rounds.map { $0.map(\.stream) } == [[.resumed, .high, .normal], [.low]])
        #expect(rounds.map { $0.map(\.limit) } == [[1, 1, 48], [50]])
    }

    @Test func `with too few places for all of these, the streams are asked one after the other`() {
        let rounds = TaskReader.shares(of: 2, busy: .normal, turn: nil)
        #expect(rounds.map { $0.map(\.stream) } == [[.resumed], [.high], [.normal], [.low]])
        #expect(rounds.allSatisfy { $0.map(\.limit) == [2] })
    }

    @Test func `now and then each less urgent stream is asked for one task`() {
        let many = TaskReader.shares(of: 50, busy: .high, turn: 1)
        #expect(many.map { $0.map(\.stream) } == [[.resumed, .high, .normal, .low]])
        #expect(many.map { $0.map(\.limit) } == [[1, 47, 1, 1]])
    }

    @Test(arguments: 1...3)
    func `with too few places for all of them, each less urgent stream is the first in its turn`(places: Int) {
        let turns = (1...3).map { TaskReader.shares(of: places, busy: .high, turn: $0) }
        #expect(turns.map { $0.first?.first?.stream } == [.normal, .low, .high])
        #expect(turns.allSatisfy { $0.allSatisfy { $0.map(\.limit) == [1] } })
    }
}
