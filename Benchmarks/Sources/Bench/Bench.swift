// Measures StreamKit against its limits: redis-benchmark, and hiredis used directly from C.
// Run:    ./lesson bench
// Expect: one table of medians and ratios, each with the bar it must reach.

import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures StreamKit against redis-benchmark and against hiredis used directly.",
        subcommands: [QueueSpeed.self]
    )

    func run() async throws {
        print("nothing is measured yet")
    }
}
