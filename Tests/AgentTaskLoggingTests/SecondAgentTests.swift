import AgentRuns
import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

@Suite("The second agent, and reading runs back", .timeLimit(.minutes(2)))
struct SecondAgentTests {
    @Test func `release notes have a bullet point for each file of a folder`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in [("a.md", "Faster start\nmore"), ("b.txt", "Fewer crashes"), ("c.png", "no")] {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        try await withPrograms { programs in
            let notes = try await programs.start("agent-task-logging", "notes", folder.path)
            #expect(await notes.end() == .exited(0), "\(notes.complained)")
            #expect(notes.said.contains("- Faster start") && notes.said.contains("- Fewer crashes"))
            #expect(notes.said.contains("tool read_change(a.md) → Faster start"))
        }
    }

    @Test func `the second agent has at most sixty lines`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("Lessons/04-AgentTaskLogging/ReleaseNotes.swift")
        let lines = try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        let first = try #require(lines.firstIndex { $0.contains("snippet: notes") })
        let last = try #require(lines.firstIndex { $0.contains("end snippet") })
        #expect(last - first - 1 <= 60)
    }

    @Test func `the doctor of models says what works, and which setting is missing`() async throws {
        try await withPrograms { programs in
            let scripted = try await programs.start("agent-task-logging", "check-model", "--model", "scripted")
            #expect(await scripted.end() == .exited(0), "\(scripted.complained)")
            #expect(scripted.said.contains("✓ streaming") && scripted.said.contains("✓ tools"))
            let nameless = try await programs.start(
                "agent-task-logging", "check-model", "--model", "openai", environment: ["OPENAI_MODEL": ""])
            #expect(await nameless.end() == .exited(1))
            #expect(nameless.complained.contains("OPENAI_MODEL is not set"))
            let unreachable = try await programs.start(
                "agent-task-logging", "check-model", "--model", "openai",
                environment: [
                    "OPENAI_MODEL": "m", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": "s3cr3t",
                ])
            #expect(await unreachable.end() == .exited(1))
            #expect(unreachable.complained.contains("127.0.0.1:1") && !unreachable.complained.contains("s3cr3t"))
        }
    }

    @Test func `a run is told with times, as JSON and as a waterfall`() async throws {
        try await withPrograms { programs in
            try await withScratchServer { server in
                let url = "redis://127.0.0.1:\(try #require(server.port))"
                try await withRedis(server.configuration) { redis in
                    let log = RunLog(redis: redis, conversationID: "told")
                    let request = RunRequest(
                        conversationID: "told", correlationID: "1", agent: "A", message: "Plan")
                    try await log.accept(request)
                    let writer = try await log.begin(request, token: 1)
                    try await writer.append(.text, text: "Hello")
                    try await writer.complete(data: #"{"status":"completed","big":2512292042121000001}"#)
                }
                let say = { (words: [String]) in
                    let program = try await programs.start(["agent-task-logging"] + words + ["--redis", url])
                    #expect(await program.end() == .exited(0), "\(program.complained)")
                    return program.said
                }
                let times = try await say(["replay", "told", "--times"])
                #expect(times.contains(/\d\.\d{3} s  started: Plan/) && times.contains("│ \"Hello\""))
                let json = try await say(["replay", "told", "--json", "--follow"])
                #expect(json.contains(#""event":"text""#) && json.contains(#""big":2512292042121000001"#))
                let trace = try await say(["trace", "told"])
                #expect(trace.contains(/total +█+ +0\.000 s/) && trace.contains("  attempt 1 "))
            }
        }
    }
}
