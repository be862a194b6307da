@testable import AgentRuns
import Foundation
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

// What the page makes of the words of a model.
extension PageTests {
    /// Writes a whole run, and hands over a browser that shows it.
    private func showing(
        _ texts: [String], _ body: (Browser) async throws -> Void
    ) async throws {
        try await withServer { server in
            let request = RunRequest(
                conversationID: scratchKey("text").replacingOccurrences(of: ":", with: "-"), correlationID: "1",
                agent: "TravelPlanner", message: "Go")
            let log = RunLog(redis: server.redis, conversationID: request.conversationID)
            let writer = try await log.begin(request, token: 1)
            for text in texts { try await writer.append(.text, text: text) }
            try await writer.complete()
            try await withBrowser { browser in
                try await browser.beforeEachPage(
                    run: "window.thrown = []; addEventListener('error', (event) => thrown.push(event.message))")
                try await browser.open(server.url + "/#" + request.conversationID)
                try await browser.wait(for: isDone)
                try await browser.wait(for: "document.getElementById('answer').getAttribute('aria-busy') === 'false'")
                try await body(browser)
                #expect(try await browser.value("JSON.stringify(thrown)") == "[]")
            }
            try await log.remove()
        }
    }

    private func html(_ browser: Browser) async throws -> String {
        try await browser.value("document.querySelector('.said').innerHTML.replaceAll(' dir=\"auto\"', '')")
    }

    @Test func `Markdown looks like what it means, however it was cut`() async throws {
        let text = """
            # Trip **one**
            Some `code`, *em*, [a link](https://example.com).
            second line

            - first
              - nested
            - **last**

            3. three
            > quoted

            ```swift
            # not a **heading**
            ```
            snake_case_name 2 * 3 * 4
            """
        let expected = """
            <h3>Trip <strong>one</strong></h3>\
            <p>Some <code>code</code>, <em>em</em>, a link<span class="target"> (https://example.com)</span>.
            second line</p>\
            <ul><li>first<ul><li>nested</li></ul></li><li><strong>last</strong></li></ul>\
            <ol start="3"><li>three</li></ol><blockquote>quoted</blockquote>\
            <pre tabindex="0"><code><span># not a **heading**
            </span></code></pre><p>snake_case_name 2 * 3 * 4</p>
            """
        for pieces in [[text], text.map(String.init)] {
            try await showing(pieces) { browser in
                let (drawn, answer) = (try await html(browser), try await browser.answer())
                #expect(drawn == expected)
                #expect(answer == text)
            }
        }
    }

    @Test func `HTML, line separators and terminal escapes are text`() async throws {
        let text = "<img src=x onerror=alert(1)> <b>no</b> one\u{2028}two \u{1B}[31mred\u{7} \u{202E}turned"
        try await showing([text]) { browser in
            let shown = try await browser.value("document.querySelector('.said').textContent")
            let elements = try await browser.value("String(document.querySelectorAll('.said img, .said b').length)")
            #expect(shown == "<img src=x onerror=alert(1)> <b>no</b> one\ntwo ␛[31mred␇ [U+202E]turned")
            #expect(elements == "0")
        }
    }

    @Test func `a line of two million characters and nine thousand lines are shown whole`() async throws {
        let piece = String(repeating: "**bold** words `and` more ", count: 800)
        try await showing(Array(repeating: piece, count: 100)) { browser in
            let length = try await browser.value("String(document.querySelector('.said').source.length)")
            let marks = try await browser.value("String(document.querySelectorAll('.said strong').length)")
            #expect(length == "2080000" && marks == "80000")
        }
        try await showing((0..<9_000).map { "- line \($0)\n" }) { browser in
            let items = try await browser.value("String(document.querySelectorAll('.said li').length)")
            #expect(items == "9000")
        }
    }
}
