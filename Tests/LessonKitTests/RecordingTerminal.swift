import Synchronization

@testable import LessonKit

/// A terminal that keeps what is written to it.
final class RecordingTerminal: Sendable {
    private let text = Mutex("")

    var lines: [String] {
        text.withLock { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    }

    func terminal(width: Int = 80, hasColours: Bool = false) -> Terminal {
        Terminal(width: width, hasColours: hasColours, isInteractive: false) { new in
            self.text.withLock { $0 += new }
        }
    }
}
