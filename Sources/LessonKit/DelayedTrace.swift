import StreamKit
import Synchronization

/// A trace that keeps commands until the narrator's story has come to them.
///
/// Two clients that work at the same time get their replies in any order. The one whose commands are
/// told later takes a trace like this one.
public final class DelayedTrace: Sendable {
    private let kept = Mutex<[TracedCommand]>([])
    private let shown: @Sendable (TracedCommand) -> Void

    init(_ shown: @escaping @Sendable (TracedCommand) -> Void) {
        self.shown = shown
    }

    /// The hook for the client's configuration.
    public var trace: CommandTrace {
        CommandTrace { command in self.kept.withLock { $0.append(command) } }
    }

    /// Shows what was kept, oldest first.
    public func show() {
        let commands = kept.withLock { kept in
            defer { kept = [] }
            return kept
        }
        for command in commands { shown(command) }
    }
}
