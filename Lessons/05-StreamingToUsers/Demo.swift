// The whole journey: ask, watch, leave in the middle, come back, miss nothing.
// Run:    swift run streaming-to-users demo
// Expect: two streams over real HTTP, each cut in the middle, each whole in the end.

import AgentRuns
import ArgumentParser
import Hummingbird
import LessonKit
import ServerSentEvents
import StreamKit

let queueKey = "lesson5:tasks"

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Play the lesson: real HTTP, a real disconnect, a real resume.")

    @OptionGroup var options: LessonOptions

    func run() async throws {
        let queueKeys = TaskQueue<RunRequest>.allKeys(of: queueKey)
        try await withLesson(options, keys: ["lesson5:sentence"] + queueKeys) { redis, narrator in
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

// MARK: A server for as long as it is needed

/// Runs a server on a free port, and `body` with a client of it.
func withServer(
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
