import Foundation
import StreamKit

/// The commands that lessons ask their readers to type.
///
/// The script `./lesson` says in `LESSON_COMMAND` how it was started. Without it the program was started by
/// `swift run`, or as a program of its own, and its hints say that.
public enum LessonCommand {
    private static let programs = ["basics", "setup", "queue-integration", "agent-task-logging", "streaming-to-users"]

    /// What starts a lesson: `./lesson 5`, `swift run streaming-to-users` or the path of the program.
    ///
    /// It is the name of its root command as well, so that usage texts say what can be typed.
    /// - Parameter lesson: the lesson's number, 1 to 5.
    /// - Returns: the beginning of a command line, quoted for a shell.
    public static func name(of lesson: Int) -> String {
        name(
            of: lesson, script: ProcessInfo.processInfo.environment["LESSON_COMMAND"],
            program: CommandLine.arguments.first ?? "")
    }

    /// A command line for one of the lessons, quoted for a shell: `./lesson 5 watch 'my trip'`.
    ///
    /// - Parameters:
    ///   - lesson: the lesson's number, 1 to 5.
    ///   - arguments: what follows, one string for each argument.
    /// - Returns: a line that can be pasted into a shell.
    public static func typing(_ lesson: Int, _ arguments: [String]) -> String {
        ([name(of: lesson)] + arguments.map(shellQuoted)).joined(separator: " ")
    }

    /// The same with the arguments one by one: `typing(5, "watch", conversation)`.
    public static func typing(_ lesson: Int, _ arguments: String...) -> String {
        typing(lesson, arguments)
    }

    static func name(of lesson: Int, script: String?, program: String) -> String {
        if let script, !script.isEmpty { return "\(shellQuoted(script)) \(lesson)" }
        let wanted = programs[lesson - 1]
        if program.contains(".build/") { return "swift run \(wanted)" }
        let folder = program.lastIndex(of: "/").map { program[...$0] } ?? ""
        return shellQuoted(folder + wanted)
    }
}

extension LessonOptions {
    /// A command line for a lesson on the server that `--redis` named, if it did.
    ///
    /// A server from the environment needs no mention: the next command finds it there, too. A URL with a password
    /// is left out, since it would stand on the screen; the reader is told by `--redis URL` to name it again.
    /// - Parameters:
    ///   - lesson: the lesson's number, 1 to 5.
    ///   - arguments: what follows, one string for each argument.
    /// - Returns: a line for a shell.
    public func typing(_ lesson: Int, _ arguments: String...) -> String {
        guard let redis else { return LessonCommand.typing(lesson, arguments) }
        let hasPassword = (try? RedisConfiguration(url: redis))?.credentials.password != nil
        return LessonCommand.typing(lesson, arguments) + " --redis " + (hasPassword ? "URL" : shellQuoted(redis))
    }
}
