import AgentKit
import AgentRuns
import FaultKit
import StreamKit
import TestSupport
import Testing

@Suite("Runs that are called off", .timeLimit(.minutes(2)))
struct CalledOffTests {
    @Test func `cancelling a run closes the request to its model, long before leases are renewed`() async throws {
        try await withReplayServer({ _, _ in .stream([], isWhole: false) + [.waitForClient] }) { server in
            try await withScratchRedis { redis in
                var options = TaskQueueOptions()
                // The test's time limit is over before the first renewal, which would tell the worker as well.
                options.lease = .seconds(1_800)
                options.sweepInterval = .seconds(600)
                let runs = AgentRuns(redis: redis, names: RunNames(queueKey: scratchKey()), options: options)
                let place = Place(runs: runs)
                let model = RemoteModel(
                    name: "silent",
                    endpoint: try ModelEndpoint(
                        baseURL: "http://127.0.0.1:\(server.port)/v1", dialect: .chatCompletions, credential: .none))
                let request = try await place.submit("Go")
                try await place.work(by: TestAgent(model: model)) {
                    try await eventually("the model is asked") { server.requests.count == 1 }

                    #expect(try await runs.cancel(request.conversationID) == [request.correlationID])

                    try await eventually("the request is closed") { server.clientsThatLeft == 1 }
                    try await place.isEmpty(dead: 0)
                }
                #expect(server.requests.count == 1)
                try await redis.send(["DEL"] + runs.names.sharedKeys)
            }
        }
    }
}
