// What this lesson's keys are called.
// Run:    ./lesson 3
// Expect: keys that begin with lesson3:, so that they meet nobody else's on a shared server.

import StreamKit

struct Keys: Sendable {
    /// What the keys of the queues made by hand begin with.
    ///
    /// Without a prefix they are those of the Python tutorial, whose producer and consumer can join in.
    var prefix = "lesson3:"

    /// The ones that the lesson itself makes.
    static let lesson = Keys()
    static let library = "lesson3:jobs"

    var counter: String { prefix + "task_id_counter" }
    var list: String { prefix + "task_queue" }
    var stream: String { prefix + "task_stream" }

    /// One log stream per task.
    ///
    /// The library's logs share a hash slot with the queue, as its fenced writes need on a cluster.
    func log(of task: Int, in kind: QueueKind) -> String {
        kind == .library ? "{\(Self.library)}:task_logs:\(task)" : "\(prefix)task_logs:\(task)"
    }

    func all(tasks: Int) -> [String] {
        let logs = tasks < 1 ? [] : (1...tasks).flatMap { [log(of: $0, in: .list), log(of: $0, in: .library)] }
        return [counter, list, stream] + TaskQueue<LessonTask>.allKeys(of: Self.library) + logs
    }
}

/// Which of the lesson's three queues.
enum QueueKind: String, CaseIterable {
    case list, stream, library
}
