// The demo: a stream by hand, then the library's server; a viewer leaves both and comes back.
// Run:    ./lesson 5 demo
// Expect: two streams over real HTTP, each cut in the middle, each whole in the end.

import AgentRuns
import ArgumentParser
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
        let names = RunNames(queueKey: "lesson5:tasks")
        let keys = ["lesson5:sentence"] + names.sharedKeys
        try await withLesson(options, keys: keys) { redis, narrator in
            narrator.title("Lesson 5: Streaming to users")
            narrator.say(
                """
                The agent logs what it does. Now its user is to see it while it happens, and neither a closed \
                laptop nor a dead worker must cost a word of it.
                """)
            try await byHand(redis, narrator)
            try await withTheLibrary(redis, narrator, names: names, keeps: options.keep)
        }
    }
}

// MARK: By hand

private func byHand(_ redis: Redis, _ narrator: Narrator) async throws {
    try await withServer { running in
        let router = Router()
        addHandmadeRoute(to: router, redis: redis)
        let application = Application(
            router: router, server: .guarded(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { running($0.localAddress?.port ?? 0) }, logger: .toStandardError)
        try await application.run()
    } _: { client in
        try await narrator.step("A stream by hand")
        narrator.say(
            """
            A writer appends words to `lesson5:sentence`; a route of some twenty lines reads them with a blocking \
            XREAD and sends each as one server-sent event. We read three, and hang up.
            """)
        let stream = redis.stream("lesson5:sentence")
        // A writer that fails ends the reading, which would wait for its words forever.
        try await withCompanion {
            try await narrator.untraced { try await writeSentence(to: stream) }
        } _: {
            let place = try await narrator.untraced { try await read(3, from: client, at: Place(), narrator) }
            try await narrator.step("Coming back")
            narrator.say(
                "The header `Last-Event-ID` names the last one we saw. What comes after it is exactly the rest.")
            _ = try await narrator.untraced { try await read(.max, from: client, at: place, narrator) }
        }
        narrator.say(
            "The id of an event is the ID of its entry, so the route keeps no state at all: Redis knows the rest.")
        _ = try await stream.length()
    }
}

func writeSentence(to stream: RedisStream, every pause: Duration = .milliseconds(60)) async throws {
    let words = ["Streams ", "are ", "logs ", "that ", "you ", "can ", "come ", "back ", "to."]
    for word in words {
        _ = try await stream.append(["text": word, "done": word == words.last ? "true" : "false"])
        try await Task.sleep(for: pause)
    }
}

/// Reads that many events, or all, and returns the place to go on at.
private func read(
    _ count: Int, from client: AgentClient, at place: Place, _ narrator: Narrator
) async throws -> Place {
    try await withTimeLimit(waitingFor: "the words of the sentence") {
        var (place, left) = (place, count)
        try await client.events(at: "\(client.server)/by-hand/sentence", from: &place) { event in
            narrator.show("id: \(event.id ?? "") data: \(event.data)")
            left -= 1
            return left > 0
        }
        return place
    }
}

// MARK: A server for as long as it is needed

/// Runs a server on a free port, and `body` with a client of it; a server that fails ends `body`, too.
func withServer(
    _ serve: @escaping @Sendable (_ running: @escaping @Sendable (Int) -> Void) async throws -> Void,
    _ body: @escaping @Sendable (AgentClient) async throws -> Void
) async throws {
    let (ports, announcement) = AsyncStream<Int>.makeStream()
    try await withCompanion {
        try await serve { announcement.yield($0) }
    } _: {
        guard let port = await ports.first(where: { _ in true }) else { throw CancellationError() }
        try await body(AgentClient(server: "http://127.0.0.1:\(port)"))
    }
}
