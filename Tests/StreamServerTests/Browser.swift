import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// A headless Chromium, spoken to over WebDriver.
struct Browser: Sendable {
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

    /// The Markdown that the agent said, without what it was asked.
    func answer() async throws -> String {
        try await value("[...document.querySelectorAll('.said')].map((said) => said.source).join('')")
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

    /// Types keys as a person does, wherever the focus is: characters, or names such as `Tab`.
    func type(_ keys: [String]) async throws {
        let codes = ["Enter": "\u{E007}", "Tab": "\u{E004}", "Escape": "\u{E00C}", "Shift": "\u{E008}"]
        let strokes = keys.flatMap { key in
            ["keyDown", "keyUp"].map { ["type": $0, "value": codes[key] ?? key] }
        }
        _ = try await post("actions", ["actions": [["type": "key", "id": "keyboard", "actions": strokes]]])
    }

    /// Runs a script in each page that is opened from now on, before the page's own.
    func beforeEachPage(run script: String) async throws {
        let command: [String: Any] = ["cmd": "Page.addScriptToEvaluateOnNewDocument", "params": ["source": script]]
        _ = try await post("goog/cdp/execute", command)
    }

    /// Opens a tab in front of the others, and goes on in it.
    func openTab(_ url: String) async throws {
        let tab = try await post("window/new", ["type": "tab"]) as? [String: Any]
        try await show(tab: tab?["handle"] as? String ?? "")
        try await open(url)
    }

    var tabs: [String] {
        get async throws { try await webDriver(.GET, "\(session)/window/handles", nil) as? [String] ?? [] }
    }

    /// Brings a tab to the front, so that the others are hidden.
    func show(tab: String) async throws {
        try await look(at: tab)
        _ = try await post("goog/cdp/execute", ["cmd": "Page.bringToFront", "params": [String: Any]()])
    }

    /// Goes on in a tab that stays where it is.
    func look(at tab: String) async throws { _ = try await post("window", ["handle": tab]) }

    /// Shows the page as who likes it light or dark sees it.
    func prefer(_ scheme: String) async throws {
        let features = [["name": "prefers-color-scheme", "value": scheme]]
        let command: [String: Any] = ["cmd": "Emulation.setEmulatedMedia", "params": ["features": features]]
        _ = try await post("goog/cdp/execute", command)
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

struct BrowserError: Error, CustomStringConvertible {
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
func withBrowser(_ body: (Browser) async throws -> Void) async throws {
    let (driver, port) = try await startedDriver()
    // It may run with SIGTERM blocked, which it inherits from the test runner.
    defer { kill(driver.processIdentifier, SIGKILL) }
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

/// Starts chromedriver, again if it ends at once: the port that it finds free for IPv4 may be taken for IPv6.
private func startedDriver() async throws -> (Process, port: String) {
    for _ in 1..<5 {
        let driver = Process()
        if let port = try await port(of: driver) { return (driver, port) }
    }
    let driver = Process()
    return (driver, try #require(try await port(of: driver), "chromedriver ends without saying its port"))
}

/// The port that a driver listens on; `nil` if it ended before it said so.
private func port(of driver: Process) async throws -> String? {
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
    var port: String?
    // Missing? Install it: apt-get install chromium-driver
    try await eventually("chromedriver says its port, or ends") {
        let hasEnded = !driver.isRunning
        let said = try String(contentsOf: log, encoding: .utf8)
        port = said.firstMatch(of: /successfully on port (\d+)/).map { String($0.1) }
        return port != nil || hasEnded
    }
    return port
}
