public import ArgumentParser
import Foundation

/// The root command of a lesson's program.
///
/// It differs from a plain `AsyncParsableCommand` in how it treats standard streams: one that is closed
/// never becomes a socket, and output that nobody can read any more ends the program. See ``StandardOutput``.
public protocol LessonProgram: AsyncParsableCommand {}

extension LessonProgram {
    /// Runs the program with its command-line arguments, and ends it with an exit code.
    ///
    /// 0 is success; 64 a command line that cannot be understood, and only then usage is printed; 1 any other
    /// error; 128 plus a signal's number after that signal, and 141 (SIGPIPE) when the reader of the output left.
    ///
    /// `@concurrent` like ArgumentParser's own: with another isolation, `@main` would choose that one.
    @concurrent public static func main() async {
        StandardStreams.prepare()
        do {
            var command = try await asyncParseAsRoot()
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Help is an error to ArgumentParser, one with exit code 0 that belongs on standard output.
    private static func end(with error: any Error) -> Never {
        let code = exitCode(for: error)
        let message = fullMessage(for: error)
        if !message.isEmpty {
            if code == .success {
                StandardOutput.write(printable(message) + "\n")
            } else {
                writeFully(printable(message) + "\n", to: STDERR_FILENO)
            }
        }
        Foundation.exit(code.rawValue)
    }
}
