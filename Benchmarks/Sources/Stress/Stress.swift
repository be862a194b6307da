// Breaks things on purpose, at length, and counts what was lost.
// Run:    ./lesson stress crash --kills 20 --cuts 500 --entries 200000
// Expect: the program's figures, then PASS or FAIL; it ends with exit code 1 if a promise was broken.

import ArgumentParser

@main
struct Stress: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stress",
        abstract: "Programs that break servers, networks and readers on purpose, and count what was lost.",
        subcommands: [
            Crash.self, Wedge.self, Cancel.self, Soak.self, Fuzz.self, QueueCrash.self, QueueCrashWorker.self,
            QueueLease.self, RunsCrash.self, RunsCrashWorker.self,
        ]
    )
}
