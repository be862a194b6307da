public import StreamKit
import Synchronization

/// A trace that keeps commands until the narrator's story reaches them.
///
/// Two clients that work at the same time get their replies in any order. The client whose commands are
/// told later takes a trace like this one.
public final class DelayedTrace: Sendable {
    private struct State {
        var kept: [TracedCommand] = []
        var announced: [String] = []
    }

    private let state = Mutex(State())
    private let narrator: Narrator
    private let prompt: String

    init(_ narrator: Narrator, prompt: String) {
        (self.narrator, self.prompt) = (narrator, prompt)
    }

    /// The hook for the client's configuration.
    public var trace: CommandTrace {
        CommandTrace { command in self.state.withLock { $0.kept.append(command) } }
    }

    /// Shows a command that is about to be sent and answered later.
    ///
    /// Its reply follows when ``show()`` is called, without the command. A command that differs from the announced
    /// one is shown whole, so that the screen never claims what was not sent.
    /// - Parameter words: the command, as it will be sent.
    public func announce(_ words: String...) {
        state.withLock { $0.announced.append(words.joined(separator: " ")) }
        narrator.showCommand(words, prompt: prompt)
    }

    /// Shows the commands that were answered so far, oldest first.
    public func show() {
        let commands = state.withLock { state in
            defer { state.kept = [] }
            return state.kept.map { command in
                let index = state.announced.firstIndex(of: command.words.joined(separator: " "))
                if let index { state.announced.remove(at: index) }
                return (command, index != nil)
            }
        }
        for (command, isAnnounced) in commands { narrator.show(command, prompt: prompt, onlyReply: isAnnounced) }
    }
}
