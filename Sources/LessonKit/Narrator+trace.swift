public import StreamKit

extension Narrator {
    /// Shows each command as one types it in redis-cli, and the reply as redis-cli prints it.
    public var trace: CommandTrace { trace(as: "redis") }

    /// The same under a prompt of its own, to tell apart who of several sent a command.
    public func trace(as prompt: String) -> CommandTrace {
        CommandTrace { show($0, prompt: prompt) }
    }

    /// A trace whose commands appear when its `show()` is called.
    public func delayedTrace(as prompt: String = "redis") -> DelayedTrace {
        DelayedTrace(self, prompt: prompt)
    }

    /// Shows a command that has an outcome, or the reply alone under `prompt` where the command was shown before.
    ///
    /// A command without an outcome was cancelled: there is no reply to show.
    func show(_ command: TracedCommand, prompt: String, onlyReply: Bool = false) {
        guard showsCommands, !Self.isHousekeeping(command), command.reply != nil || command.error != nil else { return }
        let answer = ["  " + terminal.styled("\(prompt)> (the answer)", .faint)]
        let typed = onlyReply ? answer : typedLines(Self.shortened(command), prompt)
        emit(.command, typed + replyLines(for: command))
    }

    /// Shows a command whose reply comes later.
    func showCommand(_ words: [String], prompt: String) {
        guard showsCommands else { return }
        emit(.command, typedLines(words.joined(separator: " "), prompt))
    }

    private func typedLines(_ command: String, _ prompt: String) -> [String] {
        let start = "  \(prompt)> "
        let typed = wrap(start + printable(command), width: terminal.width, hanging: "      ")
        let first = terminal.styled(start, .faint) + terminal.styled(typed[0].dropFirst(start.count), .command)
        return [first] + typed.dropFirst().map { terminal.styled($0, .command) }
    }

    private func replyLines(for command: TracedCommand) -> [String] {
        let all = printable(command.replyText).split(separator: "\n", omittingEmptySubsequences: false)
        let lines = folded(all.map { "  " + $0 }).flatMap { wrap($0, width: terminal.width, hanging: hanging(for: $0)) }
        return command.reply.map { $0.kind != .error } ?? false ? lines : lines.map { terminal.styled($0, .bad) }
    }

    /// A long reply, cut: its beginning says what it is, and a screen holds the story around it as well.
    private func folded(_ lines: [String]) -> [String] {
        guard lines.count > Self.longestReply else { return lines }
        let kept = lines.prefix(Self.keptOfLongReply)
        return kept + ["  … \(lines.count - kept.count) more lines"]
    }

    private static let longestReply = 24
    private static let keptOfLongReply = 16

    /// What continues an element of an array stands below its text, not below its number.
    private func hanging(for line: String) -> String {
        let start = line.prefixMatch(of: /( *\d+\) )+"?| +"/)?.output.0.count ?? 5
        return String(repeating: " ", count: min(start, terminal.width / 2))
    }

    /// Commands by which the library sets up or frees its connections; no learner typed them.
    private static func isHousekeeping(_ command: TracedCommand) -> Bool {
        guard let name = command.words.first?.uppercased() else { return true }
        return ["CLIENT", "HELLO", "AUTH", "SELECT", "COMMAND"].contains(name)
    }

    /// The command line, with the text of a Lua script cut to its first line.
    private static func shortened(_ command: TracedCommand) -> String {
        guard command.words.count > 1, command.words[0].uppercased() == "EVAL" else { return command.line }
        let script = command.words[1].split(separator: "\n").first ?? ""
        return "EVAL \"\(script) …\" " + command.words.dropFirst(2).joined(separator: " ")
    }
}
