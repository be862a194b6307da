import Synchronization

/// Tells a lesson's story on the terminal: headings, explanations, and what goes to Redis and back.
///
/// Text is wrapped to the terminal's width, and what could steer the terminal is escaped (``printable(_:)``).
/// Words in `backticks` are set apart by colour where there are colours. Several tasks may narrate at once;
/// what one call prints stays together.
public struct Narrator: Sendable {
    /// Whether explanations are left out (`--quiet`).
    public let isQuiet: Bool
    let terminal: Terminal
    /// How many characters fit into a line.
    public var width: Int { terminal.width }
    private let waitsForEnter: Bool
    private let state = State()

    /// A narrator that prints to standard output, as the options ask.
    public init(_ options: LessonOptions) {
        self.init(
            terminal: .standard(noColor: options.noColor), isQuiet: options.quiet, waitsForEnter: options.step)
    }

    init(terminal: Terminal, isQuiet: Bool = false, waitsForEnter: Bool = false) {
        self.terminal = terminal
        self.isQuiet = isQuiet
        self.waitsForEnter = waitsForEnter
    }

    /// Opens a lesson or a part of one; the steps that follow count from 1 again.
    public func title(_ text: String) {
        state.restartCounting()
        let lines = wrap(printable(text), width: textWidth)
        let rule = String(repeating: "═", count: lines.map { displayWidth($0) }.max() ?? 0)
        emit(.heading, (lines + [rule]).map { terminal.styled($0, .heading) })
    }

    /// Opens the next step under a numbered heading; with `--step` it waits for Enter first.
    ///
    /// - Throws: `CancellationError` if cancelled while it waits.
    public func step(_ text: String) async throws {
        if waitsForEnter && !state.isAtStart { try await pause("Press Enter for: \(text)") }
        let heading = "\(state.nextStep()). \(printable(text))"
        var lines = wrap(heading, width: textWidth, hanging: "   ")
        let last = lines.removeLast()
        let free = textWidth - displayWidth(last) - 1
        lines.append(terminal.styled(last, .heading))
        let rule = free >= 3 ? " " + terminal.styled(String(repeating: "─", count: free), .faint) : ""
        emit(.heading, lines.dropLast().map { terminal.styled($0, .heading) } + [lines[lines.count - 1] + rule])
    }

    /// Explains: one paragraph for each line of the text.
    public func say(_ text: String) {
        guard !isQuiet else { return }
        for paragraph in printable(text).split(separator: "\n") {
            emit(.text, highlight(wrap(String(paragraph), width: textWidth)))
        }
    }

    /// Prints a result, line by line and indented, even with `--quiet`.
    public func show(_ text: String) {
        let lines = printable(text).split(separator: "\n", omittingEmptySubsequences: false)
        emit(.result, highlight(lines.flatMap { wrap("  " + $0, width: terminal.width, hanging: "    ") }))
    }

    /// Leaves an empty line between what another narrator printed and what comes next.
    public func separate() {
        terminal.write("\n")
    }

    /// Runs `body` without showing the Redis commands sent meanwhile.
    ///
    /// - Throws: what `body` throws.
    public func untraced<R>(_ body: () async throws -> R) async rethrows -> R {
        state.hide()
        defer { state.unhide() }
        return try await body()
    }

    /// Waits until Enter is pressed or standard input ends.
    ///
    /// - Throws: `CancellationError` if cancelled.
    public func pause(_ prompt: String) async throws {
        terminal.write("\n" + terminal.styled(printable(prompt) + " ⏎ ", .faint))
        try await EnterKey.wait()
        // Where Enter was typed the cursor moved on by itself; elsewhere the line must be ended.
        if !terminal.isInteractive { terminal.write("\n") }
    }

    /// Columns of an explanation: lines longer than this are hard to read.
    var textWidth: Int { min(terminal.width, 80) }

    var showsCommands: Bool { !state.isHiding }

    /// Prints lines as one block, apart from a block of another kind.
    func emit(_ kind: Block, _ lines: [String]) {
        state.separating(kind) { needsGap in
            terminal.write((needsGap ? "\n" : "") + lines.joined(separator: "\n") + "\n")
        }
    }

    /// Begins a line of a block, which the caller goes on with and ends.
    func begin(_ kind: Block, _ text: String) {
        state.separating(kind) { needsGap in terminal.write((needsGap ? "\n" : "") + text) }
    }

    private func highlight(_ lines: [String]) -> [String] {
        guard terminal.hasColours else { return lines }
        var isCode = false
        return lines.map { line in
            let parts = line.split(separator: "`", omittingEmptySubsequences: false)
            return parts.enumerated().map { index, part in
                if index > 0 { isCode.toggle() }
                return isCode ? terminal.styled(part, .code) : String(part)
            }.joined()
        }
    }
}

extension Narrator {
    /// What a block of output is; blocks of different kinds are set apart by an empty line.
    enum Block { case heading, text, command, result }

    /// What the copies of a narrator share.
    private final class State: Sendable {
        private struct Values {
            var lastBlock: Block?
            var stepNumber = 0
            var hiding = 0
        }
        private let values = Mutex(Values())

        var isHiding: Bool { values.withLock { $0.hiding > 0 } }
        var isAtStart: Bool { values.withLock { $0.stepNumber == 0 } }

        func hide() { values.withLock { $0.hiding += 1 } }
        func unhide() { values.withLock { $0.hiding -= 1 } }
        func restartCounting() { values.withLock { $0.stepNumber = 0 } }

        func nextStep() -> Int {
            values.withLock {
                $0.stepNumber += 1
                return $0.stepNumber
            }
        }

        func separating(_ kind: Block, _ write: (_ needsGap: Bool) -> Void) {
            values.withLock {
                let continues = kind == $0.lastBlock && (kind == .command || kind == .result)
                write($0.lastBlock != nil && !continues)
                $0.lastBlock = kind
            }
        }
    }
}
