// What a viewer shows: the answer on standard output, what the agent does on standard error, so that the answer can be piped.
// Run:    ./lesson 5 ask "Plan a 1-day trip to Rome"
// Expect: a line that says what happens now, thoughts dimmed, tools in boxes, the answer plain.

import AgentKit
import AgentRuns
import Foundation
import LessonKit
import StreamKit

actor Screen {
    /// What is shown of a conversation.
    enum View: Sendable {
        /// The answer, and what the agent does meanwhile.
        case answer
        /// Every event as a line.
        case timeline
        /// Every event as JSON.
        case json
    }

    nonisolated let view: View
    private let terminal = ErrorTerminal()
    private var isMidLine = false
    private var hasStatus = false
    /// A `\r` that may be the first half of a line break.
    private var half = ""
    private var start: Int?
    private var takenBack = TakenBack()
    /// Who joins late sees this many of the newest run's events.
    private static let mostEvents = 20

    init(_ view: View) { self.view = view }

    /// Shows a conversation as it stands.
    func show(_ seen: SeenConversation) {
        end()
        takenBack = TakenBack(cursor: StreamID(seen.cursor))
        if seen.isTrimmed { note("the beginning is no longer there") }
        for (index, turn) in seen.turns.enumerated() {
            if let prompt = turn.prompt { note("asked: \(prompt)") }
            if index == seen.turns.count - 1 { showEvents(of: seen) }
            write(turn.text)
            if turn.status.isOver { end() }
        }
    }

    private func showEvents(of seen: SeenConversation) {
        let events = seen.newestEvents.filter { Look(of: $0).isLasting }
        let shown = events.suffix(Self.mostEvents)
        if shown.count < events.count {
            note("\(events.count - shown.count) earlier events are left out; --timeline shows them")
        }
        for event in shown { show(Look(of: event)) }
        if let newest = seen.newestEvents.last, !seen.status.isOver { show(Look(of: newest), isNew: false) }
    }

    /// Shows one event.
    func show(_ event: SeenEvent) {
        switch view {
        case .json: StandardOutput.write(event.json.text + "\n")
        case .timeline: StandardOutput.print(timelineLine(of: event))
        case .answer:
            if let text = event.text { write(text) }
            takenBack.take(event)
            if event.kind.isTerminal { end() }
            show(Look(of: event))
            if let text = takenBack.told(by: event) { note(text) }
        }
    }

    private func timelineLine(of event: SeenEvent) -> String {
        start = start ?? event.milliseconds
        let seconds = Double(event.milliseconds - (start ?? 0)) / 1_000
        let line = event.line ?? "│ \(event.json["text"]?.text ?? "")"
        return String(format: "%8.3f s  ", seconds) + "\(event.id)  \(line)"
    }

    private func show(_ look: Look, isNew: Bool = true) {
        switch look {
        case .text: clearStatus()
        case .status(let text): status(text)
        case .note(let line): if isNew { note(line) }
        case .thought(let line): if isNew { note(line, dimmed: true) }
        case .tool(let call, let result): if isNew { box(call, result) }
        }
    }

    /// Writes a piece of the answer.
    private func write(_ text: String) {
        clearStatus()
        // The two halves of a line break may come in two pieces.
        var text = half + text
        half = text.unicodeScalars.last == "\r" ? "\r" : ""
        if !half.isEmpty { text.unicodeScalars.removeLast() }
        guard !text.isEmpty else { return }
        text = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        StandardOutput.write(printable(text))
        isMidLine = !text.hasSuffix("\n")
    }

    /// Ends the line that the answer may be in.
    func end() {
        clearStatus()
        if isMidLine { StandardOutput.write("\n") }
        (isMidLine, half) = (false, "")
    }

    /// Prints something beside the answer.
    func note(_ text: String, dimmed: Bool = false) {
        lines(wrap("· \(text)", width: terminal.width, hanging: "  "), dimmed)
    }

    private func box(_ call: String, _ result: String) {
        let width = min(terminal.width, 76)
        let inside = wrap(result, width: width - 2).map { "│ \($0)" }
        let title = clipped("┌─ \(call) ", width: width)
        let rule = String(repeating: "─", count: max(0, width - title.count))
        lines([title + rule] + inside + ["└" + String(repeating: "─", count: width - 1)], false)
    }

    private func lines(_ lines: [String], _ dimmed: Bool) {
        clearStatus()
        // In a terminal both streams are one; a file with the answer stays as it is.
        if isMidLine, terminal.sharesScreen { terminal.write("\n") }
        for line in lines { terminal.write(terminal.dimmed(printable(line), dimmed) + "\n") }
        if terminal.sharesScreen { isMidLine = false }
    }

    /// Says what happens now, in a line that the next output takes away; only in a terminal.
    private func status(_ text: String) {
        guard terminal.hasStatusLine, !isMidLine else { return }
        clearStatus()
        guard !text.isEmpty else { return }
        terminal.write(terminal.dimmed(clipped("● " + printable(text), width: terminal.width - 1), true))
        hasStatus = true
    }

    /// The same for what should stand in a file, too.
    func news(_ text: String) {
        guard terminal.hasStatusLine else { return note(text) }
        end()
        status(text)
    }

    private func clearStatus() {
        if hasStatus { terminal.write("\r\u{1B}[2K") }
        hasStatus = false
    }
}
