@testable import AgentRuns
import AgentKit
import Foundation
import StreamKit
import TestSupport
import Testing
import TravelPlanner

@testable import StreamServer

// The page with the agent of lesson 4, which asks before it books.
extension PageTests {
    @Test(arguments: [("Approve", "approved", "Hotel Central"), ("Reject", "rejected", "did not allow")])
    func `a card asks whether a tool may be called, and goes on with either answer, in every viewer`(
        button: String, decision: String, outcome: String
    ) async throws {
        try await withAgent { server in
            try await withBrowser { browser in
                try await browser.open(server.url)
                try await browser.run(
                    "document.getElementById('prompt').value = 'Plan a 1-day trip to Rome and book a hotel'")
                try await browser.run("document.getElementById('form').requestSubmit()")
                try await browser.wait(for: "document.querySelector('.approval button') !== null")
                try await browser.wait(for: "document.getElementById('status').dataset.phase === 'waiting'")
                #expect(
                    try await browser.value("document.querySelector('.approval h4').textContent").contains("book_hotel")
                )
                try await photograph(browser, "page-approval")
                let first = try #require(try await browser.tabs.first)
                let conversation = try await browser.text(of: "conversation")
                try await browser.openTab(server.url + "/#" + conversation)
                try await browser.wait(for: "document.querySelector('.approval button') !== null")

                try await browser.run("document.querySelector('.approval input').value = 'Fine <b>'")
                try await browser.run(
                    """
                    [...document.querySelectorAll('.approval button')].find((one) => one.textContent === '\(button)').click()
                    """)

                for tab in [nil, first] {
                    if let tab { try await browser.show(tab: tab) }
                    try await browser.wait(for: isDone)
                    try await browser.wait(for: "document.querySelectorAll('.approval.settled').length === 1")
                    let card = try await browser.value("document.querySelector('.approval').textContent")
                    #expect(card == "book_hotel(Rome) was \(decision): Fine <b>")
                    #expect(!(try await browser.text(of: "status").contains("attempt")))
                    #expect(
                        try await browser.value("String(document.querySelectorAll('.approval button, b').length)")
                            == "0")
                    let shown = try await browser.text(of: "log") + browser.answer()
                    #expect(shown.contains(outcome))
                }
                try await photograph(browser, "page-\(decision)")
                // Who comes later is not asked again.
                try await browser.run("location.reload()")
                try await browser.wait(for: "document.querySelectorAll('.approval.settled').length === 1")
            }
        }
    }

    @Test func `a question is withdrawn when its run is stopped`() async throws {
        try await withAgent { server in
            try await withBrowser { browser in
                let conversation = try await server.ask("Plan a 1-day trip to Rome and book a hotel")
                try await browser.open(server.url + "/#" + conversation)
                try await browser.wait(for: "document.querySelector('.approval button') !== null")
                try await browser.run("document.getElementById('cancel').click()")
                try await browser.wait(for: "document.getElementById('status').dataset.phase === 'cancelled'")
                try await browser.wait(for: "document.querySelectorAll('.approval.settled').length === 1")
                #expect(try await browser.value("String(document.querySelectorAll('.approval button').length)") == "0")
                #expect(
                    try await browser.value("document.querySelector('.approval').textContent")
                        == "book_hotel(Rome) was not decided: the run had ended.")
                try await browser.wait(for: "!document.getElementById('took').textContent.includes('so far')")
                try await photograph(browser, "page-stopped")
            }
        }
    }

    @Test func `a second viewer opens beside the first, and both have the whole answer`() async throws {
        try await withAgent(pace: .milliseconds(15)) { server in
            try await withBrowser { browser in
                try await browser.open(server.url)
                try await browser.run("document.getElementById('prompt').value = 'Plan a 2-day trip to Tokyo'")
                try await browser.run("document.getElementById('form').requestSubmit()")
                try await browser.wait(for: "document.querySelector('.said')?.source.length > 100")
                let first = try #require(try await browser.tabs.first)
                try await browser.run("document.getElementById('viewer').click()")
                try await eventually("the second window is open") { try await browser.tabs.count == 2 }
                let second = try #require(try await browser.tabs.first { $0 != first })
                try await photograph(browser, "page-writing")

                try await browser.look(at: second)
                try await browser.wait(for: isDone)
                let seen = try await browser.answer()
                #expect(
                    try await browser.value("document.querySelector('.asked').textContent")
                        == "Plan a 2-day trip to Tokyo")
                try await browser.show(tab: first)
                try await browser.wait(for: isDone)
                #expect(try await browser.answer() == seen)
                #expect(seen.contains("Have a wonderful trip"))
            }
        }
    }

    @Test func `the page draws where the time went, the same live and from a snapshot`() async throws {
        try await withAgent { server in
            try await withBrowser { browser in
                let names =
                    "JSON.stringify([...document.querySelectorAll('#waterfall .name')].map((one) => one.textContent))"
                try await browser.open(server.url)
                try await browser.run("document.getElementById('prompt').value = 'Plan a 1-day trip to Rome'")
                try await browser.run("document.getElementById('form').requestSubmit()")
                try await browser.wait(for: isDone)
                try await browser.run("document.getElementById('times').open = true")
                let live = try await browser.value(names)
                #expect(
                    live == #"["total","waits for a worker","attempt 1","turn 1","get_weather_forecast (1-0)","#
                        + #""get_local_events (1-1)","turn 2","first token"]"#)
                let took = try await browser.text(of: "took")
                let wanted = /[\d.]+ m?s, [\d.]+ m?s queued, first token after [\d.]+ m?s/
                #expect(took.wholeMatch(of: wanted) != nil, "\(took)")
                try await photograph(browser, "page-waterfall")

                try await browser.run("location.reload()")
                try await browser.wait(for: "document.querySelectorAll('#waterfall li').length > 0")
                #expect(try await browser.value(names) == live)
                #expect(try await browser.text(of: "took") == took)
            }
        }
    }

    /// Pictures for people to judge.
    private func photograph(_ browser: Browser, _ name: String) async throws {
        for scheme in ["light", "dark"] {
            try await browser.prefer(scheme)
            try await browser.screenshot(to: "artifacts/\(name)-\(scheme).png", width: 1_280, height: 720)
        }
        try await browser.screenshot(to: "artifacts/\(name)-narrow.png", width: 320, height: 720)
        #expect(
            try await browser.value(
                "String(document.documentElement.scrollWidth <= document.documentElement.clientWidth)") == "true")
        try await browser.screenshot(to: "artifacts/\(name)-dark.png", width: 1_280, height: 720)
    }

    /// A server with the travel planner at work beside it.
    private func withAgent(
        pace: Duration = .milliseconds(2), _ body: @escaping @Sendable (RunningServer) async throws -> Void
    ) async throws {
        try await withScratchRedis { redis in
            var configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
            configuration.names.queueKey = scratchKey("queue")
            let runs = AgentRuns(redis: redis, names: configuration.names)
            let worker = AgentWorker(runs: runs, agents: [TravelPlanner(model: ScriptedModel(pace: pace))])
            let (ports, announce) = AsyncStream<Int>.makeStream()
            let server = StreamServer(redis: redis, configuration: configuration, logger: silentLogger) {
                announce.yield($0)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                group.addTask { try await server.run() }
                defer { group.cancelAll() }
                let port = try #require(await ports.first { _ in true })
                try await body(RunningServer(redis: redis, port: port, queue: runs.queue))
            }
        }
    }
}
