extension Narrator {
    /// How a checked thing turned out.
    public enum Mark: String, Sendable {
        /// As it should be.
        case good = "✓"
        /// Nobody could tell.
        case unknown = "?"
        /// Good to know.
        case neutral = "·"
        /// Works, but deserves a look.
        case warning = "!"
        /// Has to be fixed.
        case bad = "✗"
    }

    /// Prints a result under a mark, and a hint on the next line; with `--quiet`, too.
    public func show(_ mark: Mark, _ text: String, hint: String? = nil) {
        var lines = wrap("  \(mark.rawValue) \(printable(text))", width: terminal.width, hanging: "    ")
        let start = "  \(mark.rawValue) "
        lines[0] = terminal.styled(start, mark.style) + lines[0].dropFirst(start.count)
        if let hint {
            let hintLines = wrap("    \(printable(hint))", width: terminal.width, hanging: "    ")
            lines += hintLines.map { terminal.styled($0, .faint) }
        }
        emit(.result, lines)
    }
}

extension Narrator.Mark {
    fileprivate var style: Terminal.Style {
        switch self {
        case .good: .good
        case .neutral: .faint
        case .warning, .unknown: .warning
        case .bad: .bad
        }
    }
}
