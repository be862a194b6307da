// The second part of the demo: the library's server, an agent, and a viewer that hangs up and comes back.
// Run:    ./lesson 5 demo
// Expect: the answer in two pieces, the same to the last byte as the answer in one.

import AgentRuns
import TravelPlanner
import AgentKit
import Foundation
import LessonKit
import ServerSentEvents
import StreamKit
import StreamServer

func withTheLibrary(_ redis: Redis, _ narrator: Narrator, names: RunNames, keeps: Bool) async throws {
    let planner = TravelPlanner(model: ScriptedModel(pace: .milliseconds(4)))
    let runs = AgentRuns(redis: redis, names: names, options: .lesson())
    let worker = AgentWorker(runs: runs, agents: [planner], name: "demo-worker")
    try await withServer { running in
        var configuration = StreamServerConfiguration(port: 0, agents: [planner.name])
        configuration.names = names
        try await StreamServer(
            redis: redis, configuration: configuration, logger: .toStandardError, onServerRunning: running
        ).run()
    } _: { client in
        try await narrator.untraced {
            // A worker that fails ends the demo: nobody else would answer.
            let conversation = try await withCompanion {
                try await worker.run()
            } _: {
                try await askAndLeave(client, narrator)
            }
            guard !keeps else { return }
            for key in RunNames.keys(of: conversation) {
                _ = try await redis.send("DEL", key)
            }
        }
    }
}

private func askAndLeave(_ client: AgentClient, _ narrator: Narrator) async throws -> String {
    try await narrator.step("Ask the agent")
    narrator.say(
        """
        Now the library's server, on a free port, with a worker beside it. A run is accepted at once; the answer \
        comes from whichever worker takes it from the queue.
        """)
    let accepted = try await client.ask("Plan a 3-day trip to Tokyo")
    narrator.show("POST /api/agents/TravelPlanner/run")
    narrator.show("202 accepted, conversation \(accepted.conversation_id)")

    try await narrator.step("Watch, and hang up in the middle")
    var viewing = Viewing()
    try await viewing.watch(accepted.conversation_id, with: client, characters: 160)
    // A worker sends together what its model says while Redis answers, so the last piece may have brought more.
    narrator.show(viewing.text.prefix(160) + " …")
    narrator.show("connection closed at cursor \(viewing.place.cursor ?? "none")")

    try await narrator.step("Come back with the cursor")
    narrator.say("The agent did not wait for us. Everything it said meanwhile is in the stream, and comes first.")
    try await viewing.watch(accepted.conversation_id, with: client, characters: .max)
    narrator.show("The rest, to the event `done`. Its last lines:")
    narrator.show(viewing.text.split(separator: "\n").suffix(3).joined(separator: "\n"))

    try await narrator.step("Compare")
    let whole = try await client.text(of: accepted.conversation_id)
    guard viewing.text.utf8.elementsEqual(whole.utf8) else { throw Mismatch(watched: viewing.text, stored: whole) }
    narrator.show(
        """
        read in two pieces: \(viewing.text.count) characters
        read without a break: \(whole.count) characters
        the same text, to the last byte
        """)

    try await narrator.step("What the server says when it must say no")
    for path in ["/api/agent/stream/nobody", "/api/agent/stream/\(accepted.conversation_id)?cursor=abc"] {
        let answer = try await client.json(at: path)
        narrator.show("GET \(path)\n\(answer.status) \(answer.body)")
    }
    narrator.say(
        """
        Where next: `\(LessonCommand.typing(5, "serve"))`, then open the page, ask for a trip, and press Disconnect \
        in the middle.
        """)
    return accepted.conversation_id
}

/// What a viewer has: the text so far, and the place to go on at.
private struct Viewing {
    private(set) var text = ""
    private(set) var place = Place()

    mutating func watch(_ conversation: String, with client: AgentClient, characters: Int) async throws {
        let new: String
        (new, place) = try await withTimeLimit(waitingFor: "the agent's answer") { [place] in
            var (new, place) = ("", place)
            try await client.events(at: client.address(of: conversation), from: &place) { event in
                guard event.event == "message" else { return event.event == "attempt" }
                new += event.data
                return new.count < characters
            }
            return (new, place)
        }
        text += new
    }
}

private struct Mismatch: Error, CustomStringConvertible {
    let watched: String
    let stored: String
    var description: String { "Watched \(watched.count) characters, but the log holds \(stored.count)." }
}
