import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import StreamServer

@Suite("The page, in a real browser", .serialized)
struct PageTests {
    @Test func `a prompt is answered, left in the middle by the button, and resumed without a gap`() async throws {
        let script = (0..<60).map { "word\($0) \($0 % 10 == 9 ? "\n</script>\n" : "")" }
        try await withServer(pace: .milliseconds(40), script: script) { server in
            try await withBrowser { browser in
                try await browser.open(server.url)
                try await browser.run("document.getElementById('prompt').value = 'Tōkyō 🗼 <b>'")
                try await browser.run("document.getElementById('form').requestSubmit()")
                try await browser.wait(for: "document.getElementById('answer').textContent.includes('word10')")

                try await browser.run("document.getElementById('toggle').click()")
                let atDisconnect = try await browser.answer()
                #expect(!atDisconnect.contains("word59"))
                #expect(try await browser.text(of: "toggle") == "Reconnect")
                try await browser.wait(for: "document.getElementById('status').textContent.includes('Disconnected')")

                try await browser.run("document.getElementById('toggle').click()")
                try await browser.wait(for: "document.getElementById('status').dataset.state === 'done'")
                let resumed = try await browser.answer()
                let conversation = try await browser.text(of: "conversation")
                let whole = try await server.send(
                    "/api/agent/stream/\(conversation)", headers: ["Accept": "text/plain"])
                #expect(resumed == whole.text)
                #expect(resumed.hasPrefix("Tōkyō 🗼 <b>: word0"))
                #expect(try await browser.text(of: "connections") == "2")
                #expect(try await browser.text(of: "cursor").contains("-"))
                #expect(try await browser.value("String(document.querySelectorAll('#answer b').length)") == "0")

                try await browser.screenshot(to: "artifacts/page.png", width: 1_000, height: 1_100)
                try await browser.screenshot(to: "artifacts/page-narrow.png", width: 400, height: 900)
                #expect(
                    try await browser.value(
                        "String(document.documentElement.scrollWidth <= document.documentElement.clientWidth)")
                        == "true")
            }
        }
    }
}

/// A headless Chromium, spoken to over WebDriver.
private struct Browser: Sendable {
    let session: String

    func open(_ url: String) async throws { _ = try await post("url", ["url": url]) }

    func run(_ script: String) async throws { _ = try await value("(\(script), '')") }

    /// The value of an expression that is a string.
    func value(_ expression: String) async throws -> String {
        try await post("execute/sync", ["script": "return \(expression)", "args": [String]()]) as? String ?? ""
    }

    func text(of id: String) async throws -> String {
        try await value("document.getElementById('\(id)').textContent")
    }

    /// What the agent said, without what it was asked.
    func answer() async throws -> String {
        try await value("[...document.querySelectorAll('.said')].map((said) => said.textContent).join('')")
    }

    func wait(for condition: String) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try await value("String(\(condition))") != "true" {
            guard ContinuousClock.now < deadline else {
                throw BrowserError("Never true: \(condition). Status: \(try await text(of: "status"))")
            }
            try await Task.sleep(for: .milliseconds(30))
        }
    }

    func screenshot(to path: String, width: Int, height: Int) async throws {
        _ = try await post("window/rect", ["width": width, "height": height])
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        let image = try await webDriver(.GET, "\(session)/screenshot", nil) as? String ?? ""
        try #require(Data(base64Encoded: image)).write(to: url)
    }

    private func post(_ path: String, _ body: [String: Any]) async throws -> Any? {
        try await webDriver(.POST, "\(session)/\(path)", try JSONSerialization.data(withJSONObject: body))
    }
}

private struct BrowserError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

private func webDriver(_ method: HTTPMethod, _ url: String, _ body: Data?) async throws -> Any? {
    var request = HTTPClientRequest(url: url)
    request.method = method
    if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(40))
    let text = String(buffer: try await response.body.collect(upTo: 64 << 20))
    guard response.status == .ok else { throw BrowserError(text) }
    return (try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])?["value"]
}

/// Starts chromedriver on a free port, opens a session and ends both.
private func withBrowser(_ body: (Browser) async throws -> Void) async throws {
    let driver = Process()
    driver.executableURL = URL(filePath: "/usr/bin/env")
    driver.arguments = ["chromedriver", "--port=0"]
    let log = FileManager.default.temporaryDirectory.appending(path: "chromedriver-\(UUID().uuidString).log")
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    driver.standardOutput = try FileHandle(forWritingTo: log)
    // Otherwise the browser would hold the test run's own output open after the last test.
    driver.standardError = FileHandle.nullDevice
    driver.standardInput = FileHandle.nullDevice
    try driver.run()
    // It may run with SIGTERM blocked, which it inherits from the test runner.
    defer { kill(driver.processIdentifier, SIGKILL) }
    var port = ""
    // Missing? Install it: apt-get install chromium-driver
    try await eventually("chromedriver says its port") {
        let said = try String(contentsOf: log, encoding: .utf8)
        port = said.firstMatch(of: /successfully on port (\d+)/).map { String($0.1) } ?? ""
        return !port.isEmpty
    }
    let base = "http://127.0.0.1:\(port)/session"
    let options = ["args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]]
    let capabilities = ["capabilities": ["alwaysMatch": ["browserName": "chrome", "goog:chromeOptions": options]]]
    let session =
        try await webDriver(.POST, base, try JSONSerialization.data(withJSONObject: capabilities)) as? [String: Any]
    let id = session?["sessionId"] as? String ?? ""
    do {
        try await body(Browser(session: "\(base)/\(id)"))
    } catch {
        _ = try? await webDriver(.DELETE, "\(base)/\(id)", nil)
        throw error
    }
    _ = try await webDriver(.DELETE, "\(base)/\(id)", nil)
}
