// No-op tasks per second through the queue, with one worker of concurrency 100.
// Run:    swift run -c release --package-path Benchmarks bench queue
// Expect: tasks enqueued and processed per second, and the same with 1,000,000 tasks waiting.

import LocalRedis
import ArgumentParser
import StreamKit

/// `queue`: how fast the task queue is, and whether that depends on how much waits.
struct QueueSpeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Measures the task queue: enqueued and processed per second.")
    @ParentCommand var bench: Bench
    @Option(help: "How many tasks.") var tasks = 100_000
    @Option(help: "Tasks that already wait when the measurement begins, for each row.") var waiting = [0]
    @Option(help: "How many tasks the worker runs at once.") var concurrency = 100
    @Option(help: "A Python that has taskiq-redis, dramatiq, arq or streaq, to compare with.") var rivals: String?
    @Option(help: "How many tasks the rivals get.") var rivalTasks = 5_000

    func validate() throws {
        guard tasks > 0, concurrency > 0 else { throw ValidationError("counts must be 1 or more") }
    }

    func run() async throws {
        try await withLocalRedis(options: .init(tcp: true)) { server in
            let transport = Transport.all(of: server)[0]
            let rivals = try await Rival.all(python: rivals, tasks: rivalTasks, port: transport.port)
            for rival in rivals {
                print("\(rival.name): enqueued \(Int(rival.enqueued)) /s, processed \(Int(rival.processed)) /s")
            }
            for waiting in waiting {
                let contest = QueueContest(
                    transport: transport, tasks: tasks, waiting: waiting, concurrency: concurrency, rivals: rivals)
                print(Report.table(of: try await contest.rows(rounds: bench.rounds)))
            }
        }
    }
}
