// What the library's queue holds at this moment.
// Run:    swift run queue-integration status --watch --redis redis://localhost:6379
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
    @Flag(help: "Print JSON, for scripts.") var json = false

    func validate() throws { try options.requireSharedRedis() }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            let queue = LibraryQueue(redis: redis).tasks
            repeat {
                let status = try await narrator.untraced { try await queue.status() }
                if watch && !json { print("\u{1B}[H\u{1B}[2J", terminator: "") }
                print(json ? try status.json() : status.lines.joined(separator: "\n"))
                fflush(nil)
                if watch { try await Task.sleep(for: .seconds(1)) }
            } while watch
        }
    }
}

extension TaskQueueStatus {
    var lines: [String] {
        ["waiting \(waiting)   running \(running)   delayed \(delayed)   dead \(dead)"]
            + runningTasks.map { task in
                let worker = task.worker.prefix { $0 != ":" }
                return "task \(task.id): \(worker), attempt \(task.attempt)"
            }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
