// The commands that Redis receives, by MONITOR. It halves the speed of a server, so it is for demos only.
// Run:    ./lesson 5 serve --lab
// Expect: the list at the bottom of the page's panel.

import NIOCore
import NIOPosix
import StreamServer
import Synchronization

final class CommandFeed: Sendable {
    private struct Seen {
        var commands: [LabReport.Command] = []
        var count = 0
    }

    private let socket: String
    private let seen = Mutex(Seen())

    init(socket: String) { self.socket = socket }

    /// The last few commands after the one with this number.
    func commands(after number: Int) -> [LabReport.Command] {
        seen.withLock { $0.commands.filter { $0.number > number } }
    }

    /// Listens until it is cancelled, and comes back when Redis does.
    func run() async throws {
        while !Task.isCancelled {
            try? await listen()
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func listen() async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "MONITOR\r\n"))
            var rest = ""
            for try await bytes in inbound {
                // MONITOR writes nothing but ASCII.
                var lines = (rest + String(buffer: bytes)).split(separator: "\r\n", omittingEmptySubsequences: false)
                rest = lines.popLast().map(String.init) ?? ""
                seen.withLock { seen in lines.forEach { Self.add($0, to: &seen) } }
            }
        }
    }

    /// Takes `+1718000000.000000 [0 unix:…] "XADD" …` in, but not what the panel itself asks over TCP.
    private static func add(_ line: Substring, to seen: inout Seen) {
        guard let source = line.firstIndex(of: "["), let end = line[source...].firstIndex(of: "]") else { return }
        let command = line[end...].dropFirst(2)
        // Of what a script does, only what it does to streams: it looks at much before that.
        let isShown =
            line[source...].hasPrefix("[0 lua]") ? command.hasPrefix("\"X") : line[source...].hasPrefix("[0 unix:")
        guard isShown, !command.hasPrefix("\"XLEN"), !command.hasPrefix("\"XPENDING") else { return }
        seen.count += 1
        seen.commands.append(.init(number: seen.count, text: readable(command)))
        if seen.commands.count > 200 { seen.commands.removeFirst(seen.commands.count - 200) }
    }

    /// The command without its quotation marks where they are not needed, and with a short name for a script.
    private static func readable(_ command: Substring) -> String {
        let arguments = command.split(separator: " ").map { argument in
            argument.contains("\\") ? String(argument) : String(argument.replacing("\"", with: ""))
        }
        guard arguments.first == "EVALSHA", arguments.count > 3 else {
            return String(arguments.joined(separator: " ").prefix(300))
        }
        return "EVALSHA \(arguments[1].prefix(6))… \(arguments[3])"
    }
}
