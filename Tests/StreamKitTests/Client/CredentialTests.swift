import LocalRedis
import Logging
import StreamKit
import Synchronization
import TestSupport
import Testing

@Suite("Credentials from a provider")
struct CredentialTests {
    @Test func `a follower and a queue lose nothing, and no command is refused, while the password changes`()
        async throws
    {
        try await withChangingPassword(every: .milliseconds(300)) { redis, admin in
            let stream = redis.stream("s")
            async let followed = stream.follow(after: .beginning).collect(400)
            let queue = TaskQueue<Int>(redis: redis, key: "q", group: "g")
            let worked = Shared<Set<Int>>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        try await queue.work(as: "w") { task in worked.change { $0.insert(task.payload) } }
                    } catch {
                        Issue.record("The worker ended: \(error)")
                    }
                }
                for number in 0..<400 {
                    // Once, because the connection may be lost under the first command after the kill.
                    try await stream.appendOnce(["n": "\(number)"], producer: "p", message: "\(number)")
                    if number % 4 == 0 { try await queue.enqueue(number) }
                    try await Task.sleep(for: .milliseconds(10))
                    // Nothing is under way but the follower's read and the worker's.
                    if number % 50 == 0 { try await admin.send("CLIENT", "KILL", "USER", "ann") }
                }
                try await eventually("all tasks are done") { worked.now.count == 100 }
                group.cancelAll()
            }

            #expect(try await followed == (0..<400).map { "\($0)" })
        }
    }

    @Test func `living connections are given new credentials before the old ones run out`() async throws {
        let lifetimes = Mutex(0)
        try await withScratchServer { server in
            var configuration = server.configuration
            configuration.credentialProvider = {
                lifetimes.withLock { $0 += 1 }
                return Credentials(username: "default", password: "any", lifetime: .milliseconds(200))
            }
            configuration.timeouts.longestBlock = .milliseconds(100)
            try await withRedis(configuration) { redis in
                let reading = Task { try await redis.stream("s").read(after: .zero, wait: .forever) }
                try await eventually("each of two connections said who it is five times") {
                    try await redis.calls(of: "auth") >= 10
                }
                reading.cancel()

                let connections = try await redis.send("INFO", "stats").text ?? ""
                // The shared connection, the blocking one, and the one with which LocalRedis saw that the server is up.
                #expect(connections.firstMatch(of: /total_connections_received:(\d+)/).flatMap { Int($0.1) } ?? 9 <= 4)
            }
        }

        #expect(lifetimes.withLock { $0 } >= 5)
    }

    @Test func `credentials that ran out before a waiting connection sent them are fetched again`() async throws {
        let asked = Mutex(0)
        try await withScratchServer { server in
            try await withRedis(server.configuration) { admin in
                try await admin.send("ACL", "SETUSER", "ann", "on", "~*", "+@all", ">good")
                var configuration = server.configuration
                configuration.credentialProvider = {
                    let isLate = asked.withLock {
                        $0 += 1; return $0 == 2
                    }
                    let password = isLate ? "outdated" : "good"
                    return Credentials(username: "ann", password: password, lifetime: .milliseconds(200))
                }
                configuration.timeouts.longestBlock = .milliseconds(20)
                try await withRedis(configuration) { redis in
                    let reading = Task { try await redis.stream("s").read(after: .zero, wait: .forever) }
                    try await eventually("newer ones were asked for") { asked.withLock { $0 } >= 4 }
                    let id = try await admin.stream("s").append(["a": "b"])

                    #expect(try await reading.value.map(\.id) == [id])
                }
            }
        }
    }

    @Test func `connections that open together ask for credentials once`() async throws {
        let asked = Mutex(0)
        var configuration = try await TestServer.shared.configuration()
        configuration.credentialProvider = {
            asked.withLock { $0 += 1 }
            try await Task.sleep(for: .milliseconds(50))
            return Credentials()
        }
        try await withRedis(configuration) { redis in
            async let first = redis.send("PING")
            async let second = redis.stream(scratchKey()).read(after: .zero, wait: .atMost(.milliseconds(1)))
            _ = try await (first, second)
        }

        #expect(asked.withLock { $0 } == 1)
    }

    @Test func `a provider that fails is named in the error`() async throws {
        struct NoToken: Error {}
        var configuration = try await TestServer.shared.configuration().impatient
        configuration.credentialProvider = { throw NoToken() }

        let error = await #expect(throws: StreamKitError.self) {
            try await withRedis(configuration) { try await $0.send("PING") }
        }

        #expect(error?.description.contains("NoToken") == true)
    }

    @Test func `a provider that goes on failing is asked after growing pauses`() async throws {
        struct NoToken: Error {}
        let asked = Mutex(0)
        let log = Log()
        var configuration = try await TestServer.shared.configuration()
        configuration.observability.logger = Logger(label: "test", factory: { _ in log })
        configuration.credentialProvider = {
            let isFirst = asked.withLock {
                $0 += 1; return $0 == 1
            }
            guard isFirst else { throw NoToken() }
            return Credentials(lifetime: .milliseconds(10))
        }
        func pauses() -> [Double] {
            log.lines.withLock { lines in
                lines.compactMap { $0.text.firstMatch(of: /"pause": ([0-9.]+) seconds/).flatMap { Double($0.1) } }
            }
        }
        try await withRedis(configuration) { redis in
            try await redis.send("PING")
            try await eventually("it was asked in vain three times") { pauses().count >= 3 }
        }

        // The log says how long each pause is.
        for (pause, longest) in zip(pauses(), [0.2, 0.4, 0.8]) {
            #expect(longest / 2 <= pause && pause <= longest)
        }
    }

    @Test func `a wrong password that stays wrong is the server's error`() async throws {
        try await withScratchServer { server in
            var configuration = server.configuration.impatient
            configuration.timeouts.connect = .seconds(5)
            configuration.timeouts.command = .seconds(60)
            configuration.credentialProvider = { Credentials(username: "nobody", password: "wrong") }

            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(configuration) { try await $0.send("PING") }
            }

            #expect(error?.serverPrefix == "WRONGPASS", "\(error as Any)")
        }
    }

    /// Runs a test as a user whose password changes.
    ///
    /// The old password stays valid until the next change, as with the tokens of a cloud identity.
    private func withChangingPassword(
        every pause: Duration, _ body: (Redis, _ admin: Redis) async throws -> Void
    ) async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { admin in
                let password = Mutex(0)
                try await admin.send("ACL", "SETUSER", "ann", "on", "~*", "+@all", ">0")
                var configuration = server.configuration
                configuration.timeouts.longestBlock = .milliseconds(100)
                configuration.timeouts.connect = .seconds(30)
                configuration.credentialProvider = {
                    Credentials(username: "ann", password: "\(password.withLock { $0 })", lifetime: pause)
                }
                let changing = Task {
                    while !Task.isCancelled {
                        try await Task.sleep(for: pause)
                        let next = password.withLock { $0 } + 1
                        try await admin.send("ACL", "SETUSER", "ann", ">\(next)")
                        password.withLock { $0 = next }
                        if next > 1 { try await admin.send("ACL", "SETUSER", "ann", "<\(next - 2)") }
                    }
                }
                defer { changing.cancel() }
                try await withRedis(configuration) { try await body($0, admin) }
            }
        }
    }
}

extension StreamFollower {
    fileprivate func collect(_ count: Int) async throws -> [String] {
        var seen: [String] = []
        for try await entry in self {
            seen.append(entry["n"] ?? "")
            if seen.count == count { break }
        }
        return seen
    }
}

extension Redis {
    fileprivate func calls(of command: String) async throws -> Int {
        let text = try await send("INFO", "commandstats").text ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):calls=") }
        return line.flatMap { Int($0.drop { $0 != "=" }.dropFirst().prefix { $0.isNumber }) } ?? 0
    }
}
