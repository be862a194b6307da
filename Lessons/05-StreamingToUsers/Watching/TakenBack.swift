// What a lost worker had half said stays on the screen: the viewer says how much of it no longer counts.
// Run:    ./lesson 5 watch <conversation>, and kill -9 the worker in the middle of the answer
// Expect: a line with a number of characters; then the sentence begins again.

import AgentKit
import AgentRuns
import StreamKit

struct TakenBack {
    /// What came with a snapshot, in one piece.
    var cursor: StreamID?
    private var pieces: [(id: StreamID, count: Int)] = []

    init(cursor: StreamID? = nil) { self.cursor = cursor }

    mutating func take(_ event: SeenEvent) {
        if event.kind == .taskStarted { (cursor, pieces) = (nil, []) }
        if let text = event.text, let id = StreamID(event.id) { pieces.append((id, text.count)) }
    }

    /// What to say of an event that takes text back; `nil` for any other.
    mutating func told(by event: SeenEvent) -> String? {
        guard event.kind == .attempt, let last = event.details?["last_valid_id"]?.string.flatMap({ StreamID($0) })
        else {
            return nil
        }
        let count = pieces.filter { $0.id > last }.reduce(0) { $0 + $1.count }
        pieces.removeAll { $0.id > last }
        if let cursor, cursor > last { return "some of the text above no longer counts" }
        return count == 0 ? nil : "the last \(count) characters above no longer count"
    }
}
