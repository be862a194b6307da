import AgentRuns
import StreamKit

/// One run: what two viewers saw of it while it happened, and what its log holds in the end.
struct WatchedRun: Sendable {
    private struct View: Sendable {
        var events: [RunEvent] = []
        var failure: String?
    }

    /// Where a tool was called.
    private struct Place: Hashable, Decodable {
        let turn: Int
        let call: Int
    }

    private struct ToolEvent: Decodable {
        let action: String
    }

    private struct Attempt: Decodable {
        let last_valid_id: String
    }

    let name: String
    private let answer: String
    private let live: View
    private let committed: View
    private let log: [RunEvent]

    /// Asks, and watches until the end.
    init(asking service: AgentRuns, _ story: Story, name: String) async throws {
        self.name = name
        answer = story.text(prompt: name)
        try await service.submit(
            RunRequest(conversationID: name, correlationID: name, agent: Storyteller.name, message: name))
        async let live = Self.watch(service, name, .live)
        async let committed = Self.watch(service, name, .committed)
        (self.live, self.committed) = await (live, committed)
        log = try await service.log(of: name).history()
    }

    private static func watch(_ service: AgentRuns, _ name: String, _ isolation: RunIsolation) async -> View {
        var view = View()
        do {
            for try await event in service.log(of: name).events(after: .beginning, isolation: isolation) {
                view.events.append(event)
            }
        } catch {
            view.failure = "\(name), \(isolation.rawValue): \(error)"
        }
        return view
    }

    /// Why its viewers could not watch to the end.
    var failures: [String] { [live.failure, committed.failure].compactMap { $0 } }

    /// How often another worker took it over.
    var takeovers: Int { log.count { $0.kind == .attempt } }

    /// What must hold for each run.
    static var promises: [(String, (WatchedRun) -> Bool)] {
        [
            ("each run completed, once", { $0.log.last?.kind == .taskCompleted && $0.log.count(where: \.isLast) == 1 }),
            ("each log holds the whole answer", { text(of: thatCount($0.log)) == $0.answer }),
            ("each viewer watched to the end", { $0.failures.isEmpty }),
            ("each live viewer saw every event, once and in order", { $0.live.events == $0.log && $0.isNumbered }),
            (
                "each live viewer's text is the answer, what was taken back left out",
                { text(of: thatCount($0.live.events)) == $0.answer }
            ),
            (
                "each committed viewer saw every event that counts, once and in order",
                { $0.committed.events == thatCount($0.log) }
            ),
            ("each committed viewer's text is the answer", { text(of: $0.committed.events) == $0.answer }),
            ("each tool call finished, once in its place", { $0.finishedCalls == expectedCalls }),
        ]
    }

    /// Whether the live viewer's sequences are 0, 1, 2 and so on.
    private var isNumbered: Bool { live.events.map(\.sequence) == (0..<live.events.count).map(Optional.some) }

    private static func text(of events: [RunEvent]) -> String { events.compactMap(\.text).joined() }

    /// The events without the text that was taken back, as a viewer does it.
    private static func thatCount(_ events: [RunEvent]) -> [RunEvent] {
        events.reduce(into: []) { kept, event in
            if event.kind == .attempt, let attempt = event.decodeData(Attempt.self),
                let last = StreamID(attempt.last_valid_id)
            {
                kept.removeAll { $0.kind == .text && $0.id > last }
            }
            kept.append(event)
        }
    }

    /// How often each call finished, by its place.
    private var finishedCalls: [Place: Int] {
        log.reduce(into: [:]) { counts, event in
            guard event.kind == .toolUsage, event.decodeData(ToolEvent.self)?.action == "result",
                let place = event.decodeData(Place.self)
            else { return }
            counts[place, default: 0] += 1
        }
    }

    private static var expectedCalls: [Place: Int] {
        let places = (1..<Story.turns).flatMap { turn in
            (0..<Story.callsPerTurn).map { Place(turn: turn, call: $0) }
        }
        return Dictionary(uniqueKeysWithValues: places.map { ($0, 1) })
    }
}
