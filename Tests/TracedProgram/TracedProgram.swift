import AgentKit
import AgentRuns
import Foundation
import InMemoryTracing
import StreamKit
import StreamServer
import Tracing
import TravelPlanner

/// A server or a worker of its own process that prints each span it ends as a line of JSON.
///
/// `TracedProgram serve REDIS_URL` prints `listening on PORT`; `TracedProgram work REDIS_URL MODEL_URL` works.
@main
struct TracedProgram {
    static func main() async throws {
        let tracer = W3CTracer()
        InstrumentationSystem.bootstrap(tracer)
        let words = CommandLine.arguments
        try await withRedis(RedisConfiguration(url: words[2])) { redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while true {
                        for span in tracer.spans.popFinishedSpans() { say(PrintedSpan(span).line) }
                        try await Task.sleep(for: .milliseconds(10))
                    }
                }
                group.addTask { words[1] == "serve" ? try await serve(redis) : try await work(redis, words[3]) }
                try await group.next()
            }
        }
    }

    private static func serve(_ redis: Redis) async throws {
        let configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
        try await StreamServer(redis: redis, configuration: configuration) { say("listening on \($0)") }.run()
    }

    private static func work(_ redis: Redis, _ url: String) async throws {
        var options = TaskQueueOptions()
        options.lease = .seconds(1)
        let model = RemoteModel(
            name: "gpt-test",
            endpoint: try ModelEndpoint(baseURL: url, dialect: .chatCompletions, credential: .none))
        let runs = AgentRuns(redis: redis, options: options)
        try await AgentWorker(runs: runs, agents: [TravelPlanner(model: model)]).run()
    }

    private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}
