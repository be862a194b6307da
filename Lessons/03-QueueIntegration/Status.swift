// What the library's queue holds at this moment.
// Run:    ./lesson 3 status --watch --redis redis://localhost:6379
// Expect: how many tasks wait, run, are delayed or dead, and who works on what.

import ArgumentParser
import Foundation
import LessonKit
import StreamKit

/// `status`: prints what the queue holds, once or every second.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show what the library's queue holds.")
    @OptionGroup var options: LessonOptions
    @Flag(help: "Refresh every second until Ctrl-C.") var watch = false
    @Flag(help: "Print JSON, one line each time, for scripts.") var json = false

    func validate() throws { try options.requireSharedRedis() }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            var configuration = redis.configuration
            // Figures of ten seconds ago would look like those of now.
            if watch { configuration.timeouts.command = .seconds(2) }
            try await withRedis(configuration) { redis in
                try await narrator.untraced { try await show(LibraryQueue(redis: redis).tasks) }
            }
        }
    }

    private func show(_ queue: TaskQueue<LessonTask>) async throws {
        let screen = Screen()
        repeat {
            do {
                let status = try await queue.status()
                screen.show(json ? [try status.json()] : status.lines, inPlace: watch && !json)
            } catch let error as StreamKitError where watch && !json && error.passes {
                // A user who breaks things on purpose may well kill Redis too.
                screen.show(message: "Redis does not answer:\n\(error)")
            }
            if watch { try await Task.sleep(for: .seconds(1)) }
        } while watch
    }
}

extension StreamKitError {
    /// Whether waiting may be enough.
    fileprivate var passes: Bool {
        switch self {
        case .cannotConnect, .connectionLost, .timedOut: true
        case .server(let error): error.prefix == "LOADING"
        case .invalidInput, .unexpectedReply, .closed: false
        }
    }
}

/// Where the status goes: on a terminal each one replaces the one before.
private struct Screen {
    private let isTerminal = isatty(STDOUT_FILENO) == 1

    func show(_ lines: [String], inPlace: Bool) {
        guard inPlace, isTerminal else {
            return StandardOutput.write(lines.joined(separator: "\n") + "\n")
        }
        let (rows, columns) = size
        // A line that wraps would push the others down, and a screen that scrolls could not be redrawn.
        var shown = lines.map { clipped($0, width: columns) }
        if shown.count >= rows { shown = shown.prefix(max(rows - 2, 1)) + ["… \(shown.count - rows + 2) more lines"] }
        // Home; each line clears what is left of the old one; the end clears what is below.
        StandardOutput.write("\u{1B}[H" + shown.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
    }

    /// Unlike figures, a message makes no sense without its end.
    func show(message: String) {
        let width = isTerminal ? size.columns : 80
        show(message.split(separator: "\n").flatMap { wrap(printable(String($0)), width: width) }, inPlace: true)
    }

    private var size: (rows: Int, columns: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (24, 80)
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}

extension TaskQueueStatus {
    /// Short lines, so that they fit a terminal of 40 columns.
    var lines: [String] {
        [
            "waiting   \(waiting)  (high \(depth.high), normal \(depth.normal), low \(depth.low))",
            "running   \(running)",
            "delayed   \(delayed)",
            "dead      \(dead)",
            "completed \(completedLastMinute) in the last minute",
        ] + runningTasks.flatMap(describe)
    }

    private func describe(_ task: RunningTask) -> [String] {
        // The queue adds a suffix to the name that the worker was given, and that name may hold colons of its own.
        let name = task.worker.lastIndex(of: ":").map { task.worker[..<$0] } ?? task.worker[...]
        let worker = printable(String(name)).replacing("\n", with: "\\n")
        let seconds = task.ran.components.seconds
        // The worker last: its name may be too long for the line.
        return [
            "attempt \(task.attempt), for \(seconds) s, by \(worker)", "  \(task.priority.rawValue) task \(task.id)",
        ]
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
