// Redis Streams, the basics: one stream, and everything you do with it.
// Run:    ./lesson 1
// Expect: six short steps; each shows what goes to Redis and what comes back.

import ArgumentParser
import LessonKit
import StreamKit

@main
struct Basics: LessonProgram {
    static let configuration = CommandConfiguration(
        commandName: LessonCommand.name(of: 1),
        abstract: "Lesson 1: what a Redis stream is, played on a real server.")

    @OptionGroup var options: LessonOptions

    func run() async throws {
        try await withLesson(options, keys: ["lesson1:tasks", "lesson1:agent-log"]) { redis, narrator in
            let log = redis.stream("lesson1:agent-log")
            tellTheStory(narrator)
            try await seeWhatAQueueForgets(redis, narrator)
            try await appendToTheLog(log, narrator)
            try await readRanges(of: log, narrator)
            let cursor = try await readWhatIsNew(in: log, narrator)
            try await waitForTheNextEntry(in: log, after: cursor, narrator)
            try await shareTheWork(of: log, narrator)
            sumUp(narrator)
        }
    }
}

private func tellTheStory(_ narrator: Narrator) {
    narrator.title("Lesson 1 · Redis Streams, the basics")
    narrator.say(
        """
        At work you have an AI agent. It takes tasks from a plain queue, and while it thinks its users look at \
        a spinner. They want to see what it does, while it does it. So the agent needs a log that others can \
        read live: a stream.
        """)
}

private func sumUp(_ narrator: Narrator) {
    narrator.title("That was lesson 1")
    narrator.say(
        """
        A queue says what to do, and forgets it. A log says what happened, and keeps it: for any number of readers, \
        each at its own place, and for groups whose members share the entries.
        Next: `\(LessonCommand.typing(2))` checks your own Redis, lets a consumer die, and keeps a stream small.
        """)
}
