// Measures StreamKit against its limits: redis-benchmark, and hiredis used directly from C.
// Run:    ./lesson bench
// Expect: one table of medians and ratios, each with the bar it must reach.

import LocalRedis
import ArgumentParser
import Foundation
import StreamKit

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures StreamKit against redis-benchmark and against hiredis used directly.",
        discussion: """
            Starts a private redis-server without persistence. StreamKit and its limits take turns, and the table \
            shows medians. A ratio is StreamKit's figure divided by the limit's.
            """,
        subcommands: [Memory.self, Append.self, QueueSpeed.self, AnswerSpeed.self]
    )

    @Option(help: "How often each measurement is repeated, in turns with the others.")
    var rounds = 5
    @Option(help: "Only measurements whose name contains this text.")
    var filter: String?
    @Option(help: "Write the rows to this file as JSON.")
    var json: String?
    @Option(help: "Draw the ratios that have a bar into this file, as SVG.")
    var plot: String?
    @Flag(help: "End with an error if a bar is missed.")
    var check = false

    func validate() throws {
        guard rounds >= 1 else { throw ValidationError("At least one round is needed.") }
    }

    func run() async throws {
        var rows: [Row] = []
        try await withLocalRedis(options: .init(tcp: true)) { server in
            for transport in Transport.all(of: server) {
                var contest = Contest(transport)
                rows += try await contest.rows(rounds: rounds, filter: filter)
            }
            if filter.map(QueueContest.processing.contains) ?? true {
                rows += try await QueueContest(transport: Transport.all(of: server)[0]).rows(rounds: rounds)
            }
        }
        rows += try await ChildFigures.rows(filter: filter)
        print(Report.table(of: rows))
        try json.map { try Report.json(of: rows).write(toFile: $0, atomically: true, encoding: .utf8) }
        try plot.map { try Plot.svg(of: rows).write(toFile: $0, atomically: true, encoding: .utf8) }
        if check, rows.contains(where: { $0.meetsBar == false }) { throw ExitCode.failure }
    }
}
