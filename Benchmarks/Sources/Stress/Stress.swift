// Breaks things on purpose, at length, and counts what was lost.
// Run:    ./lesson stress --help
// Expect: each program prints its figures and ends with an error if a promise was broken.

import ArgumentParser

@main
struct Stress: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stress",
        abstract: "Programs that break servers, networks and readers on purpose, and count what was lost.",
        subcommands: [QueueCrash.self, QueueCrashWorker.self]
    )
}
