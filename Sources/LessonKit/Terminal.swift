import Foundation

/// Where a lesson prints: how wide it is, and whether it shows colours.
struct Terminal: Sendable {
    /// Columns in a line.
    var width: Int
    /// Whether escape sequences for colour are understood and wanted.
    var hasColours: Bool
    /// Whether a person sits at both ends, so that waiting for Enter makes sense.
    var isInteractive: Bool
    /// Writes a text as it is.
    var write: @Sendable (String) -> Void

    /// The process's standard output.
    ///
    /// The width is the terminal's; where there is none, `COLUMNS` or else 80, so that output in a
    /// file does not depend on who made it.
    static func standard(noColor: Bool) -> Terminal {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let refusesColours = noColor || environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        return Terminal(
            width: width(window: windowWidth(), columns: environment["COLUMNS"]),
            hasColours: isTerminal && !refusesColours,
            isInteractive: isTerminal && isatty(STDIN_FILENO) == 1,
            write: { StandardOutput.write($0) })
    }

    /// Columns to print in; below 20 a line holds no more than its own indentation.
    static func width(window: Int?, columns: String?) -> Int {
        max(20, window ?? columns.flatMap { Int($0) } ?? 80)
    }

    private static func windowWidth() -> Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// The text in a style, or as it is if there are no colours.
    func styled(_ text: some StringProtocol, _ style: Style) -> String {
        hasColours && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : String(text)
    }

    /// The looks that lessons use, as parameters of an SGR escape sequence.
    enum Style: String {
        case bold = "1"
        case faint = "2"
        case heading = "1;36"
        case code = "36"
        case command = "1;32"
        case good = "32"
        case warning = "33"
        case bad = "31"
    }
}
