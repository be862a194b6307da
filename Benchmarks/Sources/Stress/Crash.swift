// Kills the server and cuts its clients' sockets while they write, follow and consume; then counts.
// Run:    ./lesson stress crash
// Expect: every acknowledged append is there, in its writer's order; no reader missed or repeated one.

import ArgumentParser
import FaultKit
import StreamKit

struct Crash: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "SIGKILL the server and cut sockets under writers, followers and consumers; count what was lost.")

    @Option(help: "How many entries are appended.") var entries = 200_000
    @Option(help: "How many tasks append them.") var writers = 16
    @Option(help: "How many followers read them all.") var followers = 8
    @Option(help: "How many consumers of one group share them.") var consumers = 4
    @Option(help: "How often redis-server is killed and restarted on the same data.") var kills = 20
    @Option(help: "How many sockets are cut.") var cuts = 500
    @Option(help: "Seconds after which the program gives up.") var limit = 900

    func run() async throws {
        let plan = self
        let start = ContinuousClock.now
        let findings = try await within(.seconds(limit)) { try await CrashRun(plan).run() }
        var verdict = Verdict()
        verdict.figure("seconds", "\(start.duration(to: .now).components.seconds)")
        findings.report(to: &verdict)
        try verdict.conclude()
    }
}
