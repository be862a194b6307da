// Streaming to users: an answer that a browser watches, leaves and comes back to.
// Run:    ./lesson 5          (or serve, and open http://127.0.0.1:8080)
// Expect: a stream by hand, then the library's server; both go on exactly where the viewer left.

import ArgumentParser
import LessonKit

@main
struct StreamingToUsers: LessonProgram {
    static let configuration = CommandConfiguration(
        commandName: LessonCommand.name(of: 5),
        abstract: "Lesson 5: stream an agent's answer to users who may leave and come back.",
        subcommands: [Demo.self, ByHand.self, Serve.self, Work.self, Ask.self, Watch.self, LabWorkerProgram.self],
        defaultSubcommand: Demo.self
    )
}
