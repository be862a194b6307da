import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

/// The doctor on real servers: what it says, and its exit code.
@Suite("The doctor", .timeLimit(.minutes(3)))
struct DoctorTests {
    @Test func `calls a usual server ready, and names it in its fixes`() async throws {
        try await withScratchServer { server in
            let report = try await examine(server)

            let port = try #require(server.port)
            #expect(report.end == .exited(0))
            #expect(report.text.contains("Ready for the lessons."))
            #expect(report.text.contains("redis-cli -p \(port) CONFIG SET appendonly yes"))
            #expect(!report.text.contains("CONFIG REWRITE"), "it was started without a configuration file")
        }
    }

    @Test func `does not know whether the lessons run for a user who must not ask`() async throws {
        try await withScratchServer { server in
            try await addUser("app", ["~*", "+ping", "+xadd"], server)

            let report = try await examine(server, user: "app")

            #expect(report.end == .exited(1))
            #expect(report.text.contains("Could not find out whether the lessons would run"))
            #expect(!report.text.contains("eady for the lessons"))
        }
    }

    @Test func `has a fix for missing rights that is one command, after which all lessons run`() async throws {
        try await withScratchServer { server in
            try await addUser("app", ["~lesson1:*", "+ping", "+info", "+acl|whoami", "+acl|dryrun", "+xadd"], server)
            let before = try await examine(server, user: "app")
            #expect(before.end == .exited(1))
            #expect(before.text.contains("Rights: user app is not allowed to use XLEN"))

            let start = try #require(before.text.range(of: "as a user with the right to do so: "))
            let fix = before.text[start.upperBound...].prefix { $0 != "\n" }
            try await withPrograms { programs in
                let shell = try await programs.shell(String(fix))
                #expect(await shell.end() == .exited(0), "\(shell.complained)")
            }

            let after = try await examine(server, user: "app")
            #expect(after.end == .exited(0), "\(after.text)")
            #expect(after.text.contains("Rights: user app may do all that the lessons do"))
            for product in ["basics", "setup", "queue-integration", "agent-task-logging", "streaming-to-users"] {
                try await withPrograms { programs in
                    let lesson = try await programs.start(product, "--redis", try url(of: server, user: "app"))
                    #expect(await lesson.end() == .exited(0), "\(product): \(lesson.complained)")
                }
            }
        }
    }

    @Test func `says that EVAL was renamed`() async throws {
        let renamed = LocalRedis.Options(tcp: true, extraArguments: ["--rename-command", "EVAL", "\"\""])
        try await withScratchServer(renamed) { server in
            let report = try await examine(server)

            #expect(report.end == .exited(1))
            #expect(report.text.contains("Commands: the server does not know EVAL"))
        }
    }

    @Test func `says what a cluster of one node is`() async throws {
        try await withScratchServer(.init(tcp: true, extraArguments: ["--cluster-enabled", "yes"])) { server in
            let empty = try await examine(server)
            #expect(empty.end == .exited(1))
            #expect(empty.text.contains("Role: a node of a cluster that does not serve all slots"))

            try await formCluster(server)
            let whole = try await examine(server)
            #expect(whole.end == .exited(0), "\(whole.text)")
            #expect(whole.text.contains("Role: a cluster of one node, which serves all slots"))
        }
    }

    @Test func `refuses a server that evicts streams`() async throws {
        let evicting = LocalRedis.Options(
            tcp: true, extraArguments: ["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"])
        try await withScratchServer(evicting) { server in
            let report = try await examine(server)

            #expect(report.end == .exited(1))
            #expect(report.text.contains("CONFIG SET maxmemory-policy noeviction"))
        }
    }

    @Test func `refuses a server that has too few connections left for a lesson`() async throws {
        try await withScratchServer(.init(tcp: true, extraArguments: ["--maxclients", "3"])) { server in
            let report = try await examine(server)

            #expect(report.end == .exited(1))
            #expect(report.text.contains("of 3 are taken, and a lesson opens up to 8"), "\(report.text)")
            #expect(report.text.contains("CONFIG SET maxclients"))
        }
    }

    @Test func `refuses a server whose memory is full`() async throws {
        try await withScratchServer(.init(tcp: true)) { server in
            try await withRedis(server.configuration) { _ = try await $0.send("CONFIG", "SET", "maxmemory", "100kb") }
            let report = try await examine(server)

            #expect(report.end == .exited(1))
            #expect(report.text.contains("Memory: full (100.00K): what adds data is refused (OOM)"), "\(report.text)")
            #expect(report.text.contains("CONFIG SET maxmemory "))
        }
    }

    @Test func `empty environment variables count as unset`() async throws {
        try await withPrograms { programs in
            let empty = [
                "REDIS_URL": "", "REDIS_CONNECTION_STRING": "", "REDIS_SERVER_BINARY": "", "COLUMNS": "",
                "NO_COLOR": "", "LESSON_COMMAND": "",
            ]
            let doctor = try await programs.start(["setup", "doctor", "--private"], environment: empty)

            #expect(await doctor.end() == .exited(0), "\(doctor.complained)")
            #expect(doctor.said.contains("All is well: this Redis is ready for the lessons."))
        }
    }

    private func examine(_ server: LocalRedis, user: String? = nil) async throws -> (end: Program.End, text: String) {
        let url = try url(of: server, user: user)
        return try await withPrograms { programs in
            let doctor = try await programs.start(
                ["setup", "doctor", "--redis", url], environment: ["COLUMNS": "4000"])
            let end = await doctor.end()
            return (end, doctor.said + doctor.complained)
        }
    }

    private func url(of server: LocalRedis, user: String?) throws -> String {
        let credentials = user.map { "\($0):secret@" } ?? ""
        return "redis://\(credentials)127.0.0.1:\(try #require(server.port))"
    }

    private func addUser(_ name: String, _ rules: [String], _ server: LocalRedis) async throws {
        try await withRedis(server.configuration) { redis in
            _ = try await redis.send(["ACL", "SETUSER", name, "on", ">secret"] + rules)
        }
    }
}

/// Gives a server in cluster mode all slots, and waits until it serves them.
func formCluster(_ server: LocalRedis) async throws {
    try await withRedis(server.configuration) { redis in
        _ = try await redis.send("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        try await eventually("the cluster is complete") {
            try await redis.send("CLUSTER", "INFO").text?.contains("cluster_state:ok") == true
        }
    }
}
