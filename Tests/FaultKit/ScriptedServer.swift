import Foundation
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A server that answers as its script says, however wrong that is.
///
/// It reads whole commands and knows nothing about Redis. Each connection has a thread.
public final class ScriptedServer: Sendable {
    /// What to do about one command.
    public enum Answer: Sendable {
        /// Send these bytes.
        case bytes([UInt8])
        /// Send these bytes and hang up.
        case lastBytes([UInt8])
        /// Send these bytes the given number of times, for as long as the other side takes them.
        case flood([UInt8], times: Int)
        /// Say nothing and go on listening.
        case silence
    }

    /// The port of 127.0.0.1 it listens on.
    public let port: Int
    private let listener: Int32
    private let script: @Sendable (_ words: [String]) -> Answer
    private let state = Mutex((connections: [Int32](), accepted: 0, isStopped: false))

    /// Starts to listen.
    ///
    /// - Parameter script: called with the name and arguments of each command, on the connection's own thread.
    /// - Throws: `POSIXError` if no port is free.
    public init(_ script: @escaping @Sendable (_ words: [String]) -> Answer) throws {
        self.script = script
        (listener, port) = try LoopbackSocket.listen()
        Thread.detachNewThread { [self] in acceptUntilStopped() }
    }

    /// How many connections came in so far.
    public var acceptedConnections: Int { state.withLock { $0.accepted } }

    /// Hangs up on everyone and listens no more.
    public func stop() {
        state.withLock { state in
            state.isStopped = true
            for connection in state.connections { LoopbackSocket.shutDown(connection) }
        }
        if let knock = LoopbackSocket.connect(to: port) { LoopbackSocket.close(knock) }
    }

    private func acceptUntilStopped() {
        while true {
            let connection = accept(listener, nil, nil)
            let isStopped = state.withLock { state in
                if !state.isStopped, connection >= 0 {
                    state.accepted += 1
                    state.connections.append(connection)
                }
                return state.isStopped
            }
            guard !isStopped else {
                if connection >= 0 { LoopbackSocket.close(connection) }
                return LoopbackSocket.close(listener)
            }
            guard connection >= 0 else { continue }
            LoopbackSocket.prepare(connection)
            Thread.detachNewThread { [self] in serve(connection) }
        }
    }

    private func serve(_ connection: Int32) {
        var unread: [UInt8] = []
        serving: while let words = Self.nextCommand(from: connection, &unread) {
            switch script(words) {
            case .bytes(let bytes):
                guard LoopbackSocket.sendAll(bytes[...], to: connection) else { break serving }
            case .lastBytes(let bytes):
                _ = LoopbackSocket.sendAll(bytes[...], to: connection)
                break serving
            case .flood(let bytes, let times):
                for _ in 0..<times where !LoopbackSocket.sendAll(bytes[...], to: connection) { break serving }
            case .silence: break
            }
        }
        state.withLock { $0.connections.removeAll { $0 == connection } }
        LoopbackSocket.shutDown(connection)
        LoopbackSocket.close(connection)
    }

    private static func nextCommand(from connection: Int32, _ unread: inout [UInt8]) -> [String]? {
        while true {
            if let words = takeCommand(&unread) { return words }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            unread += chunk[..<count]
        }
    }

    /// Takes one `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n` off the front, if it is there as a whole.
    private static func takeCommand(_ unread: inout [UInt8]) -> [String]? {
        var index = 0
        func number() -> Int? {
            guard let end = unread[index...].firstIndex(of: UInt8(ascii: "\r")), end + 1 < unread.count else {
                return nil
            }
            defer { index = end + 2 }
            return Int(String(decoding: unread[(index + 1)..<end], as: UTF8.self))
        }
        guard index < unread.count, let count = number() else { return nil }
        var words: [String] = []
        for _ in 0..<count {
            guard index < unread.count, let length = number(), index + length + 2 <= unread.count else { return nil }
            words.append(String(decoding: unread[index..<index + length], as: UTF8.self))
            index += length + 2
        }
        unread.removeFirst(index)
        return words
    }
}

/// Runs a test against a server that follows a script.
public func withScriptedServer<R>(
    _ script: @escaping @Sendable (_ words: [String]) -> ScriptedServer.Answer,
    _ body: (ScriptedServer) async throws -> R
) async throws -> R {
    let server = try ScriptedServer(script)
    defer { server.stop() }
    return try await body(server)
}
