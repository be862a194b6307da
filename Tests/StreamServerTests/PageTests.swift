import LocalRedis
@testable import AgentRuns
import Foundation
import StreamKit
import Synchronization
import TestSupport
import Testing

@testable import StreamServer

@Suite("The page, in a real browser", .serialized)
struct PageTests {
    let isDone = "document.getElementById('status').dataset.phase === 'done'"

    @Test func `a prompt is answered, left in the middle by the button, and resumed without a gap`() async throws {
        let script = (0..<60).map { "word\($0) \($0 % 10 == 9 ? "\n</script>\n" : "")" }
        let wasLeft = Mutex(false)
        let waitInTheMiddle: @Sendable (String) async throws -> Void = { word in
            guard word.hasPrefix("word50") else { return }
            try await eventually("the page was left") { wasLeft.withLock(\.self) }
        }
        try await withServer(pace: .milliseconds(20), script: script, before: waitInTheMiddle) { server in
            try await withBrowser { browser in
                try await browser.open(server.url)
                try await browser.run("document.getElementById('prompt').value = 'Tōkyō 🗼 <b>'")
                try await browser.run("document.getElementById('form').requestSubmit()")
                try await browser.wait(for: "document.getElementById('turns').textContent.includes('word10')")

                try await browser.run("document.getElementById('toggle').click()")
                let atDisconnect = try await browser.answer()
                #expect(!atDisconnect.contains("word59"))
                #expect(try await browser.text(of: "toggle") == "Resume")
                try await browser.wait(for: "document.getElementById('status').textContent.includes('Disconnected')")
                wasLeft.withLock { $0 = true }

                try await browser.run("document.getElementById('toggle').click()")
                try await browser.wait(for: isDone)
                let resumed = try await browser.answer()
                let conversation = try await browser.text(of: "conversation")
                let whole = try await server.send(
                    "/api/agent/stream/\(conversation)", headers: ["Accept": "text/plain"])
                #expect(resumed == whole.text)
                #expect(resumed.hasPrefix("Tōkyō 🗼 <b>: word0"))
                #expect(try await browser.text(of: "connections") == "2")
                #expect(try await browser.text(of: "cursor").contains("-"))
                let timeline = try await browser.text(of: "log")
                #expect(timeline.contains("You left after") && timeline.contains("Came back after"))
                #expect(try await browser.value("String(document.querySelectorAll('#answer b').length)") == "0")

                for scheme in ["light", "dark"] {
                    try await browser.prefer(scheme)
                    try await browser.screenshot(to: "artifacts/page-\(scheme).png", width: 1_280, height: 720)
                    try await browser.screenshot(to: "artifacts/page-\(scheme)-narrow.png", width: 320, height: 720)
                }
                #expect(
                    try await browser.value(
                        "String(document.documentElement.scrollWidth <= document.documentElement.clientWidth)")
                        == "true")
            }
        }
    }

    @Test func `with the keyboard alone one asks, stops the agent, and asks on in the same conversation`() async throws
    {
        try await withServer(pace: .milliseconds(30), script: endlessScript) { server in
            try await withBrowser { browser in
                try await browser.open(server.url)
                #expect(try await browser.value("document.activeElement.id") == "prompt")
                try await browser.run("document.getElementById('prompt').value = ''")
                try await browser.type(["a", "Enter"])
                try await browser.wait(for: "document.querySelector('.said')?.textContent.includes('word3')")
                #expect(try await browser.value("document.querySelector('.asked').textContent") == "a")
                #expect(try await browser.value("String(document.getElementById('send').disabled)") == "true")

                try await browser.run("document.getElementById('answer').focus()")
                var order: [String] = []
                for _ in 0..<4 {
                    try await browser.type(["Tab"])
                    order.append(try await browser.value("document.activeElement.id || document.activeElement.tagName"))
                }
                #expect(order == ["prompt", "SUMMARY", "SUMMARY", "log"])
                try await browser.run("document.getElementById('cancel').focus()")
                try await browser.type(["Enter"])
                try await browser.wait(for: "document.getElementById('status').dataset.phase === 'cancelled'")
                #expect(try await browser.text(of: "conversation").count == 36)

                let first = try await browser.text(of: "conversation")
                let isAnswered = "document.querySelectorAll('.said')[1]?.textContent.includes('b: word0 word1')"
                try await browser.type(["Escape", "b", "Enter"])
                try await browser.wait(for: isAnswered)
                #expect(try await browser.text(of: "conversation") == first)
                #expect(try await browser.value("String(document.querySelectorAll('.asked').length)") == "2")

                try await browser.run("location.reload()")
                try await browser.wait(for: isAnswered)
                #expect(try await browser.value("document.querySelectorAll('.asked')[1].textContent") == "b")
            }
        }
    }

    @Test func `what a lost worker had half said is taken back`() async throws {
        try await withServer { server in
            let request = RunRequest(
                conversationID: "attempt", correlationID: "1", agent: "TravelPlanner", message: "<i>Go</i>")
            let log = RunLog(redis: server.redis, conversationID: request.conversationID)
            let lost = try await log.begin(request, token: 1)
            try await lost.append(.text, text: "# Half\n- a **sent")
            try await withBrowser { browser in
                try await browser.open(server.url + "/#attempt")
                try await browser.wait(for: "document.querySelector('.said')?.textContent.includes('sent')")

                let second = try await log.begin(request, token: 2)
                try await second.append(.text, text: "# Whole\n- a **sen")
                try await second.append(.text, text: "tence** <b>\n")
                try await second.complete()

                try await browser.wait(for: isDone)
                #expect(try await browser.answer() == "# Whole\n- a **sentence** <b>\n")
                try await browser.wait(for: "document.querySelector('.said').textContent === 'Wholea sentence <b>'")
                #expect(try await browser.value("document.querySelector('.said strong').textContent") == "sentence")
                #expect(
                    try await browser.value("String(document.querySelectorAll('#answer b, #answer i').length)") == "0")
                #expect(try await browser.value("document.querySelector('.asked').textContent") == "<i>Go</i>")
            }
            try await log.remove()
        }
    }

    @Test(
        arguments: [
            (AttemptCause.workerLost, "The worker was lost; another one goes on"),
            (.shutdown, "The worker was shut down; another one goes on"),
            (.failure, "The attempt failed; another one begins"), (nil, "The run goes on in another attempt"),
        ] as [(AttemptCause?, String)])
    func `the state says why another attempt begins`(cause: AttemptCause?, words: String) async throws {
        try await withServer { server in
            let request = RunRequest(
                conversationID: "cause-\(cause?.rawValue ?? "")", correlationID: "1", agent: "T", message: "")
            let log = RunLog(redis: server.redis, conversationID: request.conversationID)
            _ = try await log.begin(request, token: 1)
            try await withBrowser { browser in
                try await browser.open(server.url + "/#\(request.conversationID)")
                try await browser.wait(for: "document.getElementById('status').dataset.phase === 'thinking'")
                _ = try await log.begin(request, token: 2, cause: cause)
                try await browser.wait(for: "document.getElementById('status').dataset.phase === 'lost'")
                #expect(try await browser.text(of: "status").hasPrefix(words))
            }
            try await log.remove()
        }
    }

    @Test func `what goes wrong is said in words`() async throws {
        try await withScratchServer { local in
            try await withRedis(local.configuration.impatient) { redis in
                try await withServer(redis, .init(port: 0, agents: ["TravelPlanner"])) { server in
                    try await withBrowser { browser in
                        try await browser.open(server.url + "/#expired-long-ago")
                        try await browser.wait(for: "document.getElementById('status').dataset.phase === 'error'")
                        #expect(try await browser.text(of: "status").contains("expired"))

                        await local.kill()
                        try await browser.run("document.getElementById('prompt').value = 'Go'")
                        try await browser.run("document.getElementById('form').requestSubmit()")
                        try await browser.wait(
                            for: "document.getElementById('status').textContent.includes('cannot reach Redis')")
                        #expect(try await browser.value("document.getElementById('prompt').value") == "Go")
                    }
                }
            }
        }
    }

    /// Collects what the page throws and what it asks for from now on.
    private let spy = """
        window.thrown = []; window.asked = [];
        addEventListener('error', (event) => thrown.push(String(event.message)));
        addEventListener('unhandledrejection', (event) => thrown.push(String(event.reason)));
        const FetchOfPage = fetch, SourceOfPage = EventSource;
        window.fetch = (url, options) => { asked.push(String(url)); return FetchOfPage(url, options); };
        window.EventSource = class extends SourceOfPage {
          constructor(url) { super(url); asked.push(new URL(url, location).pathname); }
        };
        """

    @Test func `a log that others wrote nonsense into throws nothing, and its text is shown`() async throws {
        try await withServer { server in
            let nonsense = ["not JSON", "null", "7", "[]", "\"x\"", "{}", #"{"last_valid_id":{}}"#, #"{"message":{}}"#]
            let kinds = [
                "attempt", "task_started", "tool_usage", "chain_of_thought", "progress", "llm_response", "__proto__",
                "constructor", "toString",
            ]
            let entries =
                [["text", "One "]]
                + kinds.flatMap { kind in nonsense.map { ["event", kind, "data", $0] } + [["event", kind]] }
                + [["event", "attempt", "data", #"{"last_valid_id":"x-1"}"#], ["text", "two", "done", "true"]]
            for entry in entries {
                let replies = try await server.redis.pipeline {
                    $0.add(["XADD", "agent-stream:poisoned", "*"] + entry)
                }
                for reply in replies { _ = try reply.get() }
            }
            try await withBrowser { browser in
                try await browser.beforeEachPage(run: spy)
                try await browser.open(server.url + "/#poisoned")
                try await browser.wait(for: isDone)
                #expect(try await browser.answer() == "One two")
                try await browser.wait(for: "document.querySelectorAll('#log li').length > 50")
                try await browser.run("document.querySelectorAll('#log details').forEach((one) => { one.open = true })")
                #expect(try await browser.value("JSON.stringify(thrown)") == "[]")
            }
            _ = try await server.redis.send("DEL", "agent-stream:poisoned")
        }
    }

    @Test func `an address that names no conversation asks the server for nothing`() async throws {
        try await withServer { server in
            try await withBrowser { browser in
                for hash in ["%", "..", ".", "%2e%2e", "a/b", "../../health", "a%00", "x?y", "é"] {
                    try await browser.open(server.url + "/#" + hash)
                    let status = try await browser.text(of: "status")
                    #expect(status == "The address names no conversation. Ask something.", "\(hash)")
                    let asked = """
                        JSON.stringify(performance.getEntriesByType('resource').map((one) => one.name)
                          .filter((name) => name.includes('/api/')))
                        """
                    #expect(try await browser.value(asked) == "[]", "\(hash)")
                }
            }
        }
    }

    @Test func `events are told in words, and the name of the agent is asked for once`() async throws {
        try await withServer { server in
            try await withBrowser { browser in
                try await browser.beforeEachPage(run: spy)
                try await browser.open(server.url)
                for prompt in ["One", "Two"] {
                    try await browser.run("document.getElementById('prompt').value = '\(prompt)'")
                    try await browser.run("document.getElementById('form').requestSubmit()")
                    try await browser.wait(
                        for: "document.getElementById('turns').textContent.includes('\(prompt): One')")
                    try await browser.wait(for: isDone)
                }
                #expect(try await browser.value("String(asked.filter((url) => url === '/api/health').length)") == "1")
                let log = try await browser.text(of: "log")
                #expect(log.contains("Waits for a worker.") && log.contains("A worker begins, as TravelPlanner."))
            }
        }
    }
}
