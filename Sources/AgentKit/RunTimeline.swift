public import AgentRuns
public import Foundation

/// Where the time of a run went, read from its log alone: the wait for a worker, attempts, turns, tools.
public struct RunTimeline: Hashable, Sendable {
    /// A piece of the time.
    public struct Span: Hashable, Sendable {
        /// What happened, for example `turn 1`.
        public let name: String
        /// How deep it lies within others: an attempt in the run, a turn in an attempt.
        public let depth: Int
        /// When it began.
        public let start: Date
        /// When it ended; `nil` if the log does not say so.
        public var end: Date?
    }

    /// The spans in the order in which they began.
    public private(set) var spans: [Span] = []
    private var open: [String: Int] = [:]
    /// The attempt that gave its worker back to wait for a person; nothing happens in it any more.
    private var paused: Int?

    /// The timeline of one run.
    ///
    /// - Parameters:
    ///   - events: The events of its conversation.
    ///   - run: Which run of the conversation, counting from 1.
    public init(of events: [RunEvent], run: Int) {
        let events = events.filter { $0.run == run }
        guard let first = events.first else { return }
        begin("total", depth: 0, first)
        for event in events { take(event) }
        // What the last attempt left open has no end; the log stops there.
    }

    private mutating func take(_ event: RunEvent) {
        let details = event.details
        let turn = details?["turn"]?.integer ?? 0
        switch event.kind {
        case .progress where details?["status"] == "queued": begin("waiting for a worker", depth: 1, event)
        case .taskStarted: beginAttempt(1, event)
        case .attempt: beginAttempt(details?["attempt"]?.integer ?? 0, event)
        case .progress where details?["status"] == "asking_model":
            begin("turn \(turn)", depth: 2, event)
            begin("first token", depth: 3, event)
        case .text: end("first token", event)
        case .llmResponse:
            // A turn that only calls tools has no token that a user reads.
            if let place = open.removeValue(forKey: "first token") { spans.remove(at: place) }
            end("turn \(turn)", event)
        case .toolUsage:
            let name = "tool \(details?["tool"]?.string ?? "?") (\(turn)-\(details?["call"]?.integer ?? 0))"
            details?["action"] == "result" ? end(name, event) : begin(name, depth: 2, event)
        case .approvalRequested:
            pause(event)
            begin("approval \(details?["call"]?.string ?? "?")", depth: 1, event)
        case .approvalDecided: end("approval \(details?["call"]?.string ?? "?")", event)
        case let kind where kind.isTerminal: for name in open.keys { end(name, event) }
        default: break
        }
    }

    /// Ends the attempt; where several calls wait for a person, with the last one that asks.
    private mutating func pause(_ event: RunEvent) {
        if let attempt = open.first(where: { $0.key.hasPrefix("attempt") }) {
            paused = attempt.value
            open[attempt.key] = nil
        }
        if let paused { spans[paused].end = event.timestamp }
    }

    private mutating func beginAttempt(_ number: Int, _ event: RunEvent) {
        paused = nil
        // What the former attempt had open ended with it.
        for name in open.keys where name != "total" && !name.hasPrefix("approval") { end(name, event) }
        begin("attempt \(number)", depth: 1, event)
    }

    private mutating func begin(_ name: String, depth: Int, _ event: RunEvent) {
        open[name] = spans.count
        spans.append(Span(name: name, depth: depth, start: event.timestamp))
    }

    private mutating func end(_ name: String, _ event: RunEvent) {
        guard let place = open.removeValue(forKey: name) else { return }
        spans[place].end = event.timestamp
    }

    /// The timeline as lines: name, bar, start and length in seconds.
    ///
    /// - Parameter width: How many characters a line may have. A bar has at least eight all the same.
    /// - Returns: One line per span.
    public func lines(width: Int = 100) -> [String] {
        guard let start = spans.first?.start else { return [] }
        let end = spans.compactMap { $0.end ?? $0.start }.max() ?? start
        let total = max(end.timeIntervalSince(start), 0.001)
        let rows = spans.map { span in
            let from = span.start.timeIntervalSince(start)
            let length = (span.end ?? end).timeIntervalSince(span.start)
            return (
                name: String(repeating: "  ", count: span.depth) + span.name,
                from: from / total, length: length / total,
                times: String(format: "%9.3f s +%.3f s", from, length) + (span.end == nil ? ", not ended" : "")
            )
        }
        let names = rows.map(\.name.count).max() ?? 0
        let bars = max(8, width - names - 2 - (rows.map(\.times.count).max() ?? 0))
        return rows.map { row in
            row.name.padding(toLength: names, withPad: " ", startingAt: 0) + "  "
                + Self.bar(from: row.from, length: row.length, width: bars) + row.times
        }
    }

    private static func bar(from: Double, length: Double, width: Int) -> String {
        let before = min(Int(from * Double(width)), width - 1)
        let bar = min(max(1, Int((length * Double(width)).rounded())), width - before)
        return String(repeating: " ", count: before) + String(repeating: "█", count: bar)
            + String(repeating: " ", count: width - before - bar)
    }
}
