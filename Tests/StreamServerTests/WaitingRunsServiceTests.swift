import LocalRedis
import Logging
import ServerSentEvents
import ServiceLifecycle
import StreamKit
import TestSupport
import Testing

@testable import AgentRuns
@testable import StreamServer

@Suite("A server looks after runs that wait", .timeLimit(.minutes(2)))
struct WaitingRunsServiceTests {
    @Test func `a server finds a run that was accepted and never enqueued`() async throws {
        try await withServer { server in
            // Its worker only knows the queue.
            let runs = AgentRuns(redis: server.redis, names: RunNames(queueKey: server.queue.key))
            let request = RunRequest(
                conversationID: RandomID().uuid, correlationID: scratchKey(), agent: "TravelPlanner", message: "Go")
            try await runs.waiting.add(request, caller: nil)
            try await runs.log(of: request.conversationID).accept(request)
            // As if it had waited for a while.
            _ = try await runs.redis.send("ZADD", runs.names.waiting[0], "0", request.correlationID)

            let events = try await server.events("/api/agent/stream/\(request.conversationID)")

            #expect(events.last?.event == "done")
            #expect(try await runs.log(of: request.conversationID).history().last?.kind == .taskCompleted)
        }
    }

    @Test func `what keeps it from looking is logged once, it tries again, and being told to stop ends it`()
        async throws
    {
        try await withScratchServer { local in
            try await withRedis(local.configuration) { redis in
                _ = try await redis.send("ACL", "SETUSER", "default", "-evalsha")
                let log = RecordingLog()
                let service = WaitingRunsService(
                    runs: AgentRuns(redis: redis), logger: Logger(label: "test") { _ in log })
                let group = ServiceGroup(services: [service], logger: silentLogger)
                async let running: Void = group.run()
                // By the third try it has dealt with two failures.
                try await eventually("it has tried three times") { try await refusedScripts(redis) >= 3 }

                await group.triggerGracefulShutdown()

                try await running
                #expect(log.lines.count == 1, "\(log.lines)")
                #expect(log.lines.first?.contains("NOPERM") == true, "\(log.lines)")
            }
        }
    }

    /// How many EVALSHA Redis has refused.
    private func refusedScripts(_ redis: Redis) async throws -> Int {
        let lines = try await redis.send("INFO", "commandstats").text?.split(whereSeparator: \.isNewline) ?? []
        let count = lines.first { $0.hasPrefix("cmdstat_evalsha:") }?.split(separator: ",")
            .first { $0.hasPrefix("rejected_calls=") }
        return count.flatMap { Int($0.dropFirst("rejected_calls=".count)) } ?? 0
    }
}
