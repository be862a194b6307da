import NIOHTTP1
import TestSupport
import Testing

@testable import StreamServer

// A page asks its person for a token; the browser's own dialogues are answered by a script here.
extension PageTests {
    @Test func `the page asks its person for a token, says so without one, and shows everything with it`() async throws
    {
        try await withGuardedServer(script: (0..<20).map { "word\($0) " }) { server in
            try await withBrowser { browser in
                try await browser.beforeEachPage(run: "window.prompt = () => sessionStorage.answer ?? null;")
                try await browser.open(server.url)
                try await browser.run("document.getElementById('prompt').value = 'Go'")
                try await browser.run("document.getElementById('form').requestSubmit()")
                try await browser.wait(for: "document.getElementById('status').textContent.includes('token')")

                try await browser.run("sessionStorage.answer = '\(ann)'")
                try await browser.open(server.url)
                try await browser.run("document.getElementById('prompt').value = 'Go'")
                try await browser.run("document.getElementById('form').requestSubmit()")
                try await browser.wait(for: isDone)
                let expected = "Go: " + (0..<20).map { "word\($0) " }.joined()
                #expect(try await browser.answer() == expected)

                try await browser.run("document.getElementById('status').dataset.phase = 'old', location.reload()")
                try await browser.wait(for: isDone)
                #expect(try await browser.answer() == expected)
            }
        }
    }
}
