@testable import AgentRuns
import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServerSentEvents
import StreamKit
import TestSupport

@testable import StreamServer

/// A server on a free port, a Redis of its own, and a worker that says what the test wants.
struct RunningServer: Sendable {
    let redis: Redis
    let port: Int
    let queue: TaskQueue<RunRequest>
    var url: String { "http://127.0.0.1:\(port)" }

    func send(
        _ path: String, method: HTTPMethod = .GET, headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let text = String(buffer: try await response.body.collect(upTo: 16 << 20))
        return Answer(status: Int(response.status.code), headers: response.headers, text: text)
    }

    func ask(_ prompt: String) async throws -> String {
        let answer = try await send(
            "/api/agents/TravelPlanner/run", method: .POST, headers: ["Content-Type": "text/plain"],
            body: Array(prompt.utf8))
        return try answer.json("conversation_id")
    }

    /// Reads events until `count` have come, or the stream ends.
    func events(_ path: String, headers: [String: String] = [:], count: Int = .max) async throws -> [ServerSentEvent] {
        var request = HTTPClientRequest(url: url + path)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        var parser = EventStreamParser()
        var events: [ServerSentEvent] = []
        for try await chunk in response.body {
            events += try parser.parse(chunk.readableBytesView)
            if events.count >= count { return Array(events.prefix(count)) }
        }
        return events
    }
}

struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    func json(_ key: String) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return object?[key] as? String ?? "no \(key) in \(text)"
    }
}

/// What the server says when no test listens.
let silentLogger: Logger = {
    var logger = Logger(label: "tests")
    logger.logLevel = .critical
    return logger
}()

/// More words than anybody waits for: what is asked with them runs until it is stopped.
let endlessScript = (0..<100_000).map { "word\($0) " }

/// Runs a server for the length of a test; a scripted worker says each request's message, then the chunks.
///
/// It pauses after each of them, and calls `before` with the next: there a test may make it wait.
func withServer(
    pace: Duration = .zero, script: [String] = ["One ", "two\nlines ", "</script> ", "🗼"],
    adjust: (inout StreamServerConfiguration) -> Void = { _ in },
    before: @escaping @Sendable (String) async throws -> Void = { _ in },
    _ body: (RunningServer) async throws -> Void
) async throws {
    try await withScratchRedis { redis in
        var configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
        configuration.names.queueKey = scratchKey("queue")
        adjust(&configuration)
        try await withServer(redis, configuration, pace: pace, script: script, before: before, body)
    }
}

/// Runs a server on a Redis that the test may stop.
func withServer(
    _ redis: Redis, _ configuration: StreamServerConfiguration, logger: Logger = silentLogger,
    pace: Duration = .zero, script: [String] = [],
    before: @escaping @Sendable (String) async throws -> Void = { _ in },
    _ body: (RunningServer) async throws -> Void
) async throws {
    let (ports, announce) = AsyncStream<Int>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
        let server = StreamServer(redis: redis, configuration: configuration, logger: logger) { announce.yield($0) }
        group.addTask {
            defer { announce.finish() }
            try await server.run()
        }
        let queue = AgentRuns(redis: redis, names: configuration.names).queue
        let retention = configuration.retention
        group.addTask {
            try await queue.work(as: "scripted", concurrency: 8) { task in
                let log = RunLog(redis: redis, conversationID: task.payload.conversationID, retention: retention)
                let writer: RunWriter
                do {
                    writer = try await log.begin(task.payload, token: task.fencingToken)
                } catch RunLogError.finished {
                    return
                }
                for text in [task.payload.message + ": "] + script {
                    try await before(text)
                    try await writer.append(.text, text: text)
                    try await Task.sleep(for: pace)
                }
                if task.payload.message == "fail" {
                    try await writer.fail(userMessage: "No rooms\nleft.")
                } else {
                    try await writer.complete()
                }
            }
        }
        defer { group.cancelAll() }
        guard let port = await ports.first(where: { _ in true }) else { return try await group.waitForAll() }
        try await body(RunningServer(redis: redis, port: port, queue: queue))
    }
}
