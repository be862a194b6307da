@testable import AgentRuns
import Foundation
import StreamKit
import Synchronization
import TestSupport
import Testing

@testable import StreamServer

// Browsers allow six connections per server, for all tabs together.
extension PageTests {
    /// Notes what the page says once it is hidden: a look at a tab shows it.
    private var whatIsSaidOnHiding: String {
        """
        window.seen = [];
        addEventListener('visibilitychange', () => seen.push(document.getElementById('status').textContent));
        """
    }

    @Test func `eight tabs of one browser follow a run, and each has all of it when it is shown`() async throws {
        let script = (0..<40).map { "word\($0) " }
        let mayEnd = Mutex(false)
        let waitBeforeTheEnd: @Sendable (String) async throws -> Void = { word in
            guard word.hasPrefix("word30") else { return }
            try await eventually("all tabs are open", within: .seconds(60)) { mayEnd.withLock(\.self) }
        }
        try await withServer(pace: .milliseconds(2), script: script, before: waitBeforeTheEnd) { server in
            let conversation = try await server.ask("Go")
            try await withBrowser { browser in
                let isUnderWay = "document.querySelector('.said')?.source.includes('word29')"
                try await browser.open(server.url + "/#" + conversation)
                try await browser.wait(for: isUnderWay)
                for _ in 1..<8 {
                    try await browser.openTab(server.url + "/#" + conversation)
                    try await browser.wait(for: isUnderWay)
                }
                mayEnd.withLock { $0 = true }

                let expected = "Go: " + script.joined()
                for tab in try await browser.tabs {
                    try await browser.show(tab: tab)
                    try await browser.wait(for: isDone)
                    #expect(try await browser.answer() == expected)
                }
            }
        }
    }

    @Test func `a hidden tab has no stream, says so, and goes on by cursor when it is shown`() async throws {
        try await withServer(pace: .milliseconds(20), script: endlessScript) { server in
            let conversation = try await server.ask("Go")
            try await withBrowser { browser in
                try await browser.beforeEachPage(run: whatIsSaidOnHiding)
                try await browser.open(server.url + "/#" + conversation)
                try await browser.wait(for: "document.querySelector('.said')?.source.includes('word9 ')")
                let first = try #require(try await browser.tabs.first)
                try await browser.openTab("about:blank")

                try await browser.show(tab: first)
                try await browser.wait(for: "document.getElementById('connections').textContent === '2'")
                try await browser.wait(for: "seen.some((text) => text.includes('hidden'))")
                let words = try await browser.answer().split(separator: " ").count
                try await browser.wait(for: "document.querySelector('.said').source.split(' ').length > \(words + 5)")
                try await browser.run("document.getElementById('cancel').click()")
                try await browser.wait(for: "document.getElementById('status').dataset.phase === 'cancelled'")
                let whole = try await server.send(
                    "/api/agent/stream/\(conversation)", headers: ["Accept": "text/plain"])
                let answer = try await browser.answer()
                #expect(answer.hasPrefix("Go: word0 word1 ") && whole.text.hasPrefix(answer))
            }
        }
    }
}
