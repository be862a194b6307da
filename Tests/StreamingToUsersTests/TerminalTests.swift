import Foundation
import Synchronization
import TestSupport
import Testing

/// `ask` and `watch` with a person at the terminal.
@Suite("Watching in a terminal", .timeLimit(.minutes(2)))
struct TerminalTests {
    @Test(arguments: [("y\n", "approved"), ("what?\nn\n", "rejected")])
    func `an agent's question is put and answered, and not put again to who joins later`(
        typed: String, decision: String
    ) async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "serve", "--port", "0")
            let client = try await client(of: server)
            let terminal = try PseudoTerminal()
            let ask = try await programs.shell(
                "exec $PRODUCTS/streaming-to-users ask 'Plan a 1-day trip to Rome and book a hotel' --server "
                    + client.server + terminal.redirection)
            try await terminal.shows("approve? y or n")

            terminal.type(typed)

            #expect(await ask.end() == .exited(0))
            #expect(terminal.text.contains("· \(decision)"))
            let conversation = try #require(terminal.text.firstMatch(of: /conversation ([0-9a-f-]+)/)).1
            for cursor in ["", " --cursor 0-1"] {
                let later = try PseudoTerminal()
                let watch = try await programs.shell(
                    "exec $PRODUCTS/streaming-to-users watch \(conversation) --server \(client.server)\(cursor)"
                        + later.redirection)
                #expect(await watch.end() == .exited(0))
                #expect(later.text.contains("· \(decision)"))
                #expect(!later.text.contains("approve?"))
            }
        }
    }

    @Test func `a prompt that waits for a worker is shown as queued`() async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "serve", "--port", "0", "--no-worker")
            let client = try await client(of: server)
            let conversation = try await client.ask("Go")
            let terminal = try PseudoTerminal()
            let line = "exec $PRODUCTS/streaming-to-users watch \(conversation) --server \(client.server)"
            _ = try await programs.shell(line + terminal.redirection)

            try await terminal.shows("queued, waits for a worker")
        }
    }

    @Test func `a question that somebody else answers is no longer open`() async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "serve", "--port", "0")
            let client = try await client(of: server)
            let conversation = try await client.ask("Plan a 1-day trip to Rome and book a hotel")
            let (one, two) = (try PseudoTerminal(), try PseudoTerminal())
            let line = "exec $PRODUCTS/streaming-to-users watch \(conversation) --server \(client.server)"
            let first = try await programs.shell(line + one.redirection)
            let second = try await programs.shell(line + two.redirection)
            try await one.shows("book_hotel: approve? y or n")
            try await two.shows("book_hotel: approve? y or n")

            one.type("n\n")

            #expect(await first.end() == .exited(0))
            #expect(await second.end() == .exited(0))
            #expect(two.text.contains("· rejected"))
        }
    }

    @Test(arguments: [("", true), ("1", false)])
    func `thoughts are dimmed in a terminal, unless NO_COLOR is set`(noColor: String, isDimmed: Bool) async throws {
        let thought = String.timeline("1-0", type: "chain_of_thought", #","data":{"thought":"Hm."}"#)
        let server = try CannedServer([
            .events(thought + .timeline("2-0", type: "task_completed") + "event: done\ndata:\n\n")
        ])
        defer { server.stop() }
        try await withPrograms { programs in
            let terminal = try PseudoTerminal()
            let watch = try await programs.shell(
                "exec $PRODUCTS/streaming-to-users watch x --cursor 0-1 --server \(server.url)" + terminal.redirection,
                environment: ["NO_COLOR": noColor, "TERM": "xterm"])
            #expect(await watch.end() == .exited(0))
            #expect(terminal.text.contains("· Hm."))
            #expect(terminal.text.contains("\u{1B}[2m") == isDimmed)
        }
    }
}

/// A terminal in which a program can be started.
final class PseudoTerminal: Sendable {
    private let master: FileHandle
    private let device: String
    private let slave: FileHandle

    init() throws {
        var (front, back) = (Int32(-1), Int32(-1))
        guard openpty(&front, &back, nil, nil, nil) == 0, let name = ttyname(back) else { throw POSIXError(.ENOTTY) }
        master = FileHandle(fileDescriptor: front, closeOnDealloc: true)
        // Kept open, so that what a program printed can be read after its end.
        slave = FileHandle(fileDescriptor: back, closeOnDealloc: true)
        device = String(cString: name)
        for descriptor in [front, back] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(front, F_SETFL, O_NONBLOCK)
    }

    /// What makes a shell's command use this terminal.
    var redirection: String { " <\(device) >\(device) 2>&1" }

    private let shown = Mutex([UInt8]())

    /// What stands on the screen, with the escape sequences that put it there.
    var text: String {
        shown.withLock { shown in
            var bytes = [UInt8](repeating: 0, count: 65_536)
            while case let count = read(master.fileDescriptor, &bytes, bytes.count), count > 0 {
                shown += bytes[..<count]
            }
            return String(decoding: shown, as: UTF8.self).replacing("\r\n", with: "\n")
        }
    }

    func type(_ text: String) { try? master.write(contentsOf: Data(text.utf8)) }

    func shows(_ wanted: String) async throws {
        try await eventually("'\(wanted)' on the screen") { text.contains(wanted) }
    }
}
