// Worker processes are killed in the middle of answers. Does every run complete, and does every viewer read one answer?
// Run:    ./lesson stress runs --runs 30
// Expect: every run completed, whatever died, and both of its viewers read exactly what its log says in the end.

import AgentRuns
import ArgumentParser
import LocalRedis
import StreamKit

/// `runs`: kills workers while agents answer, and compares what viewers read with the logs.
struct RunsCrash: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Kills workers in the middle of answers; compares what viewers read.")
    @Option(help: "How many runs.") var runs = 300
    @Option(help: "How many of them at once.") var atOnce = 30
    @Option(help: "How many worker processes.") var workers = 3
    @Option(help: "Milliseconds between two kills.") var killEvery = 3_000
    @Option(help: "How many words an answer has.") var words = 120
    @Option(help: "Milliseconds per word.") var pace = 40
    @Option(help: "Seconds until it is given up.") var timeout = 900

    func validate() throws {
        guard runs > 0, atOnce > 0, workers > 0, killEvery > 0, words > 0, pace >= 0 else {
            throw ValidationError("counts must be 1 or more")
        }
    }

    func run() async throws {
        let plan = self
        let verdict = try await within(.seconds(timeout)) {
            try await withLocalRedis { server in
                try await withRedis(server.configuration) { try await plan.run(on: $0, socket: server.socket) }
            }
        }
        try verdict.conclude()
    }

    private func run(on redis: Redis, socket: String) async throws -> Verdict {
        let (words, pace) = (words, pace)
        let chaos = Chaos(socket: socket, workers: workers) { ["runs-worker", $0, String(words), String(pace)] }
        defer { chaos.end() }
        let start = ContinuousClock.now
        let service = StoryRuns.service(redis)
        async let _: Void = chaos.killWorkers(every: .milliseconds(killEvery))
        let watched = try await askAll(service)
        var verdict = Verdict()
        verdict.figure("seconds", "\(start.duration(to: .now).components.seconds)")
        verdict.figure("runs, workers killed", "\(watched.count), \(chaos.kills)")
        let takeovers = watched.map(\.takeovers)
        verdict.figure("takeovers, most of one run", "\(takeovers.reduce(0, +)), \(takeovers.max() ?? 0)")
        for (promise, isKept) in WatchedRun.promises {
            let broken = watched.filter { !isKept($0) }.map(\.name)
            verdict.check(broken.isEmpty, promise + (broken.isEmpty ? "" : ", but not in \(broken.prefix(5))"))
        }
        for failure in watched.flatMap(\.failures).prefix(5) { say("  \(failure)") }
        verdict.check(takeovers.contains { $0 > 0 }, "workers died in the middle of answers, or this says nothing")
        verdict.check(try await service.queue.status().dead == 0, "no run was given up")
        return verdict
    }

    private func askAll(_ service: AgentRuns) async throws -> [WatchedRun] {
        let story = Story(words: words)
        return try await withThrowingTaskGroup(of: WatchedRun.self) { group in
            var watched: [WatchedRun] = []
            for number in 0..<runs {
                if number >= atOnce, let next = try await group.next() { watched.append(next) }
                group.addTask { try await WatchedRun(asking: service, story, name: "run-\(number)") }
            }
            return try await group.reduce(into: watched) { $0.append($1) }
        }
    }
}
