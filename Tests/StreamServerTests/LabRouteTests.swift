import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import StreamServer

/// A lab that breaks nothing, and remembers what it was asked to do.
private final class RecordingLab: Lab {
    let actions = Mutex<[LabAction]>([])

    func report(commandsAfter command: Int) async throws -> LabReport {
        LabReport(
            workers: [.init(process: 17, state: .running), .init(process: 18, state: .dead)], isRedisUp: true,
            streams: [
                .init(key: "agent-tasks", length: 3, groups: [.init(name: "agents", pending: 2, consumers: ["w": 2])])
            ], deadLetters: 4, commands: command < 1 ? [.init(number: 1, text: #""XADD" "<b>""#)] : [])
    }

    func perform(_ action: LabAction) async throws {
        if action == .killWorker(99) { throw LabError("There is no running worker 99.") }
        actions.withLock { $0.append(action) }
    }
}

@Suite("The instructor's panel")
struct LabRouteTests {
    @Test func `without a lab there is neither a panel nor a route for it`() async throws {
        try await withServer { server in
            let page = try await server.send("/")
            #expect(!page.text.contains("lab.js"))
            let report = try await server.send("/api/lab")
            #expect(report.status == 404)
            let restart = try await server.send("/api/lab/redis/restart", method: .POST)
            #expect(restart.status == 404)
        }
    }

    @Test func `each route performs its action, and what cannot be done is refused in words`() async throws {
        let lab = RecordingLab()
        try await withServer(adjust: { $0.lab = lab }) { server in
            for path in ["workers", "workers/17/kill", "workers/17/pause", "workers/17/resume", "redis/restart"] {
                #expect(try await server.send("/api/lab/" + path, method: .POST).status == 200, "\(path)")
            }
            let expected: [LabAction] = [
                .startWorker, .killWorker(17), .pauseWorker(17), .resumeWorker(17), .restartRedis,
            ]
            #expect(lab.actions.withLock(\.self) == expected)
            let refused = try await server.send("/api/lab/workers/99/kill", method: .POST)
            #expect(refused.status == 409 && refused.text.contains("no running worker 99"))
            #expect(try await server.send("/api/lab/workers/x/kill", method: .POST).status == 400)
            #expect(try await server.send("/api/lab/workers/17/feed", method: .POST).status == 404)
            let foreign = try await server.send(
                "/api/lab/redis/restart", method: .POST, headers: ["Origin": "http://evil.example"])
            #expect(foreign.status == 403)
        }
    }

    @Test func `the panel shows what the lab reports, and its buttons act`() async throws {
        let lab = RecordingLab()
        try await withServer(adjust: { $0.lab = lab }) { server in
            try await withBrowser { browser in
                try await browser.open(server.url)
                let isShown = "document.getElementById('lab-streams').textContent.includes('agent-tasks')"
                try await browser.wait(for: isShown)
                #expect(try await browser.text(of: "lab-dead") == "4")
                #expect(try await browser.text(of: "lab-commands") == #""XADD" "<b>""#)
                #expect(try await browser.text(of: "lab-workers").contains("Worker 18dead"))
                #expect(try await browser.text(of: "lab-streams").contains("agent-tasks32w2"))

                try await browser.run("document.querySelector('[aria-label=\"Kill worker 17\"]').click()")
                try await eventually("the worker is killed") { lab.actions.withLock(\.self) == [.killWorker(17)] }
                try await browser.run("document.getElementById('lab-restart').click()")
                try await eventually("Redis is restarted") { lab.actions.withLock(\.last) == .restartRedis }
            }
        }
    }
}
