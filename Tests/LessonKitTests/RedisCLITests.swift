import Foundation
import StreamKit
import Synchronization
import TestSupport
import Testing

@Suite("Commands and replies beside those of redis-cli")
struct RedisCLITests {
    @Test func `every kind of reply reads as redis-cli prints it`() async throws {
        let (text, list, stream) = (scratchKey("text"), scratchKey("list"), scratchKey("stream"))
        try await withScratchRedis { redis in
            try await fill(redis, text: text, list: list, stream: stream)
            let commands = [
                ["PING"], ["GET", text], ["STRLEN", text], ["GET", text + ":none"], ["XLEN", text], ["NO", "SUCH"],
                ["LRANGE", list, "0", "-1"], ["LRANGE", list + ":none", "0", "-1"], ["MGET", text, list + ":none"],
                ["XRANGE", stream, "-", "+"], ["XREAD", "COUNT", "2", "STREAMS", stream, "0"],
                ["XREAD", "STREAMS", stream, "99-0"], ["XREADGROUP", "GROUP", "g", "c", "STREAMS", stream, "0"],
                ["XPENDING", stream, "g"], ["XPENDING", stream, "g", "-", "+", "10"], ["XPENDING", stream, "idle"],
                ["XINFO", "STREAM", stream], ["XINFO", "GROUPS", stream],
                ["XAUTOCLAIM", stream, "idle", "c", "0", "0"],
                ["EVAL", "return {1, false, {}, {{}, {'a'}}, {ok='fine'}, {err='BAD luck'}, -5}", "0"],
            ]

            for command in commands {
                let reply = try await traced(command, redis)
                let printed = try await redisCLI(redis.configuration, typing: reply.line)
                #expect(hidingIdleTimes(reply.replyText) == hidingIdleTimes(printed), "\(reply.line)")
            }
        }
    }

    @Test func `an argument typed as shown reaches Redis as it was`() async throws {
        let words = [
            "", "two words", "\"quoted\"", "it's", "back\\slash", "\u{7}\u{8}\t\r\n\u{1}\u{1B}[31m\u{7F}", "#comment",
            "-", "*",
        ]
        try await withScratchRedis { redis in
            for word in words {
                let reply = try await traced(["ECHO", word], redis)
                let printed = try await redisCLI(redis.configuration, typing: reply.line)

                #expect(reply.reply?.text == word)
                #expect(reply.replyText == printed)
            }
        }
    }

    @Test func `bytes that are not text are escaped as redis-cli does it`() async throws {
        let key = scratchKey()
        try await withScratchRedis { redis in
            _ = try await redis.send("EVAL", #"redis.call('SET', KEYS[1], '\255\0"\\\n\r\t\a\b\127é')"#, "1", key)

            let reply = try await traced(["GET", key], redis)

            let printed = try await redisCLI(redis.configuration, typing: reply.line)
            #expect(reply.replyText == printed)
        }
    }

    @Test func `printable text of any language stays readable, and what a terminal obeys is escaped`() async throws {
        try await withScratchRedis { redis in
            let readable = try await traced(["ECHO", "東京 🗼 é"], redis)
            let escaped = try await traced(["ECHO", "\u{9B}31m"], redis)

            #expect(readable.replyText == "\"東京 🗼 é\"")
            #expect(escaped.replyText == "\"\\xc2\\x9b31m\"")
        }
    }

    private func fill(_ redis: Redis, text: String, list: String, stream: String) async throws {
        _ = try await redis.send("SET", text, "a \"quoted\" word, a \\ and a\nline\tbreak")
        _ = try await redis.send(["RPUSH", list] + (1...12).map { "element \($0)" })
        for number in 1...11 {
            _ = try await redis.send("XADD", stream, "\(number)-0", "event", "step \(number)", "empty", "")
        }
        _ = try await redis.send("XGROUP", "CREATE", stream, "g", "0")
        _ = try await redis.send("XGROUP", "CREATE", stream, "idle", "$")
        _ = try await redis.send("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", stream, ">")
        _ = try await redis.send("XDEL", stream, "2-0")
    }

    /// How long an entry is pending differs from one question to the next.
    private func hidingIdleTimes(_ text: String) -> String {
        text.replacing(/("c"\n *3\) \(integer\)) \d+/) { "\($0.output.1) …" }
    }

    /// What the trace hook tells about a command, even if the server refuses it.
    private func traced(_ words: [String], _ redis: Redis) async throws -> TracedCommand {
        let seen = Mutex<TracedCommand?>(nil)
        var configuration = redis.configuration
        configuration.observability.trace = CommandTrace { command in seen.withLock { $0 = command } }
        try await withRedis(configuration) { _ = try? await $0.send(words) }
        return try #require(seen.withLock { $0 })
    }

    /// What the real redis-cli prints when a person types a line.
    private func redisCLI(_ configuration: RedisConfiguration, typing line: String) async throws -> String {
        guard case .tcp(let host, let port) = configuration.endpoint else { throw CLIError.noPort }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("redis-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, not pipes: a server that another test starts meanwhile could keep the end of a pipe open.
        let (typed, printed) = (folder.appendingPathComponent("typed"), folder.appendingPathComponent("printed"))
        try Data((line + "\n").utf8).write(to: typed)
        try Data().write(to: printed)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["redis-cli", "-h", host, "-p", String(port), "--no-raw"]
        process.standardInput = try FileHandle(forReadingFrom: typed)
        process.standardOutput = try FileHandle(forWritingTo: printed)
        let status = try await ended(process)
        guard status == 0 else { throw CLIError.ended(status) }
        let text = String(decoding: try Data(contentsOf: printed), as: UTF8.self)
        // After half a second redis-cli adds how long the server took: a busy machine, not another reply.
        return text.replacing(/\n\(\d+\.\d+s\)\n*$/, with: "").trimmingCharacters(in: .newlines)
    }

    private func ended(_ process: Process) async throws -> Int32 {
        let (ends, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            continuation.yield(process.terminationStatus)
            continuation.finish()
        }
        try process.run()
        return await ends.first { _ in true } ?? -1
    }

    private enum CLIError: Error { case noPort, ended(Int32) }
}
