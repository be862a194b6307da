// Standard error as a viewer uses it: how wide it is, and what it understands.
// Run:    NO_COLOR=1 ./lesson 5 watch <conversation>
// Expect: the same lines without colours; in a file, no escape sequences at all.

import Foundation
import LessonKit

struct ErrorTerminal: Sendable {
    /// Whether a line can be taken back.
    let hasStatusLine: Bool
    /// Whether the answer goes to a terminal, too.
    let sharesScreen: Bool
    let width: Int
    private let hasColours: Bool

    init() {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
        hasStatusLine = isTerminal
        hasColours = isTerminal && environment["NO_COLOR"]?.isEmpty != false
        sharesScreen = isTerminal && isatty(STDOUT_FILENO) == 1
        var size = winsize()
        let columns = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
        width = max(20, columns > 0 ? columns : environment["COLUMNS"].flatMap { Int($0) } ?? 80)
    }

    func dimmed(_ text: String, _ isDimmed: Bool) -> String {
        isDimmed && hasColours && !text.isEmpty ? "\u{1B}[2m\(text)\u{1B}[0m" : text
    }

    func write(_ text: String) {
        // The program goes on even if standard error cannot be written.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}

/// Prints a line on standard error, without what would steer the terminal.
func note(_ text: String) { ErrorTerminal().write(printable(text) + "\n") }
