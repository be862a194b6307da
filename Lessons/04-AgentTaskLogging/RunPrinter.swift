// A run as people read it: one line per event, and the answer word by word as it is written.
// Run:    ./lesson 4 run "Plan a weekend in Rome"
// Expect: thoughts and tool calls first, then the itinerary while the agent writes it.

import AgentKit
import AgentRuns
import LessonKit
import StreamKit
import TravelPlanner

struct RunPrinter {
    private let narrator: Narrator
    private var text: LiveText

    init(_ narrator: Narrator) {
        self.narrator = narrator
        text = LiveText(narrator, prefix: "  │ ", hanging: "    ")
    }

    mutating func show(_ event: RunEvent) {
        // An entry of another program may hold the last words and the end at once.
        if let words = event.text { text.append(words) }
        guard let line = event.line else { return }
        text.end()
        narrator.show(line)
    }

    /// Ends a line that nobody has finished.
    mutating func end() { text.end() }
}

/// Runs the agent and follows its log at the same time, as two programs would.
func answerAndWatch(
    _ request: RunRequest, by agent: any Agent = TravelPlanner(), _ log: RunLog, _ narrator: Narrator
) async throws {
    try await log.accept(request)
    try await withCompanion {
        do {
            try await agent.answer(through: log.begin(request, token: 1))
        } catch let pause as RunPause {
            let tools = pause.requests.compactMap { (try? JSONValue(parsing: $0.data))?["tool"]?.string }
            throw LessonProblem(
                "\(tools.joined(separator: ", ")) needs a person's word, and a run without a queue cannot be paused. "
                    + "Start \(LessonCommand.typing(5, "serve")) and ask there.")
        }
    } _: {
        var printer = RunPrinter(narrator)
        for try await event in log.events(after: .beginning) { printer.show(event) }
        printer.end()
    }
}

/// Prints a run from its log, without the words that a later attempt has replaced.
func replay(_ history: [RunEvent], _ narrator: Narrator) {
    var printer = RunPrinter(narrator)
    for event in history.valid { printer.show(event) }
    printer.end()
    if history.last?.isLast == false { narrator.show("The log stops here: the run has not ended.") }
}
