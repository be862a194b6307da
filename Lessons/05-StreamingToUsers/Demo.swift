// The whole journey: ask, watch, leave in the middle, come back, miss nothing.
// Run:    swift run streaming-to-users demo
// Expect: two streams over real HTTP, each cut in the middle, each whole in the end.

import AgentKit
import ArgumentParser
import Foundation
import Hummingbird
import LessonKit
import ServerSentEvents
import StreamKit
import StreamServer

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Play the lesson: real HTTP, a real disconnect, a real resume.")

    @OptionGroup var options: LessonOptions

    func run() async throws {
        let companions = ["delayed", "dead", "cancelled"].map { "{lesson5:tasks}:\($0)" }
        let keys = ["lesson5:sentence", "lesson5:tasks"] + companions
        try await withLesson(options, keys: keys) { redis, narrator in
            narrator.title("Lesson 5: Streaming to users")
            narrator.say(
                "The agent logs what it does. Now its user shall see it while it happens, and neither a closed "
                    + "laptop nor a dead worker may cost a word of it.")
            try await byHand(redis, narrator)
            try await withTheLibrary(redis, narrator, keeps: options.keep)
        }
    }
}

// MARK: By hand

private func byHand(_ redis: Redis, _ narrator: Narrator) async throws {
    let sentence = ["Streams ", "are ", "logs ", "that ", "you ", "can ", "come ", "back ", "to."]

    try await withServer({ running in
        let router = Router()
        addHandmadeRoute(to: router, redis: redis)
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { await running($0.localAddress?.port ?? 0) }, logger: quietLogger)
        try await application.run()
    }) { client in
        try await narrator.step("A stream by hand")
        narrator.say(
            "A writer appends words to `lesson5:sentence`; a route of some twenty lines reads them with a blocking "
                + "XREAD and sends each as one server-sent event. We read three, and hang up.")
        async let writing: Void = narrator.untraced { try await write(sentence, to: redis.stream("lesson5:sentence")) }
        let first = try await narrator.untraced { try await read(3, from: client, after: nil, narrator) }
        try await narrator.step("Coming back")
        narrator.say("The header `Last-Event-ID` names the last one we saw. What comes after it is exactly the rest.")
        try await narrator.untraced { _ = try await read(.max, from: client, after: first, narrator) }
        try await writing
        narrator.say(
            "The id of an event is the ID of its entry, so the route keeps no state at all: Redis knows the rest.")
        _ = try await redis.stream("lesson5:sentence").length()
    }
}

private func write(_ words: [String], to stream: RedisStream) async throws {
    for word in words {
        _ = try await stream.append(["text": word, "done": word == words.last ? "true" : "false"])
        try await Task.sleep(for: .milliseconds(60))
    }
}

private func read(
    _ count: Int, from client: AgentClient, after cursor: String?, _ narrator: Narrator
) async throws -> String? {
    var last = cursor
    var left = count
    try await client.events(at: "/by-hand/sentence", after: cursor) { event in
        narrator.show("id: \(event.id ?? "") data: \(event.data)")
        last = event.id
        left -= 1
        return left > 0
    }
    return last
}

// MARK: With the library

private func withTheLibrary(_ redis: Redis, _ narrator: Narrator, keeps: Bool) async throws {
    let queueKey = "lesson5:tasks"
    let planner = TravelPlanner(model: ScriptedModel(pace: .milliseconds(4)))
    let worker = AgentWorker(redis: redis, agents: [planner], queueKey: queueKey, options: .lesson())
    try await withServer({ running in
        var configuration = StreamServerConfiguration(port: 0, agents: [planner.name])
        configuration.queueKey = queueKey
        try await StreamServer(
            redis: redis, configuration: configuration, logger: quietLogger, onServerRunning: running
        ).run()
    }) { client in
        try await narrator.untraced {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run(as: "demo-worker") }
                defer { group.cancelAll() }
                let conversation = try await askAndLeave(client, narrator)
                if keeps { return }
                _ = try await redis.send("DEL", "agent-stream:\(conversation)", "{agent-stream:\(conversation)}:run")
            }
        }
    }
}

private func askAndLeave(_ client: AgentClient, _ narrator: Narrator) async throws -> String {
    try await narrator.step("Ask the agent")
    narrator.say(
        "Now the library's server, on a free port, with a worker beside it. A run is accepted at once; the answer "
            + "comes from whichever worker takes it from the queue.")
    let accepted = try await client.ask("Plan a 3-day trip to Tokyo")
    narrator.show("POST /api/agents/TravelPlanner/run")
    narrator.show("202 accepted, conversation \(accepted.conversation_id)")

    try await narrator.step("Watch, and hang up in the middle")
    var viewing = Viewing()
    try await viewing.watch(accepted.conversation_id, with: client, pieces: 40)
    narrator.show(viewing.text)
    narrator.show("connection closed at cursor \(viewing.cursor ?? "none")")

    try await narrator.step("Come back with the cursor")
    narrator.say("The agent did not wait for us. Everything it said meanwhile is in the stream, and comes first.")
    let seen = viewing.text.count
    try await viewing.watch(accepted.conversation_id, with: client, pieces: .max)
    narrator.show("\(viewing.text.count - seen) more characters, then the event `done`. The last lines:")
    narrator.show(viewing.text.split(separator: "\n").suffix(3).joined(separator: "\n"))

    try await narrator.step("Compare")
    let whole = try await client.text(of: accepted.conversation_id)
    guard viewing.text == whole else { throw Mismatch(watched: viewing.text, stored: whole) }
    narrator.show(
        "read in two pieces: \(viewing.text.count) characters\nread without a break: \(whole.count) characters\n"
            + "the same text, to the last byte")

    try await narrator.step("What the server says when it must say no")
    for path in ["/api/agent/stream/nobody", "/api/agent/stream/\(accepted.conversation_id)?cursor=abc"] {
        let answer = try await client.json(at: path)
        narrator.show("GET \(path)\n\(answer.status) \(answer.body)")
    }
    narrator.say(
        "Where next: `./lesson 5 serve`, then open the page, ask for a trip, and press Disconnect in the middle.")
    return accepted.conversation_id
}

/// What a viewer has: the text so far, and the place to go on at.
private struct Viewing {
    var text = ""
    var cursor: String?

    mutating func watch(_ conversation: String, with client: AgentClient, pieces: Int) async throws {
        var text = ""
        var cursor = cursor
        var left = pieces
        try await client.events(at: "/api/agent/stream/\(conversation)", after: cursor) { event in
            cursor = event.id ?? cursor
            guard event.event == "message" else { return event.event == "attempt" }
            text += event.data
            left -= 1
            return left > 0
        }
        self.text += text
        self.cursor = cursor
    }
}

private struct Mismatch: Error, CustomStringConvertible {
    let watched: String
    let stored: String
    var description: String { "Watched \(watched.count) characters, but the log holds \(stored.count)." }
}

// MARK: A server for as long as it is needed

/// Runs a server on a free port, and `body` with a client of it.
private func withServer(
    _ serve: @escaping @Sendable (_ running: @escaping @Sendable (Int) async -> Void) async throws -> Void,
    _ body: (AgentClient) async throws -> Void
) async throws {
    let (ports, announce) = AsyncStream<Int>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { announce.finish() }
            try await serve { port in announce.yield(port) }
        }
        defer { group.cancelAll() }
        guard let port = await ports.first(where: { _ in true }) else { return try await group.waitForAll() }
        try await body(AgentClient(server: "http://127.0.0.1:\(port)"))
    }
}
