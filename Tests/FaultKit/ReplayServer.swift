import Foundation
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An HTTP server that answers each request with bytes from a script, however wrong they are.
///
/// One request per connection, and one thread.
public final class ReplayServer: Sendable {
    /// What a client asked.
    public struct Request: Hashable, Sendable {
        /// `POST`, for example.
        public let method: String
        /// The path with the query.
        public let target: String
        /// The headers, their names in lower case.
        public let headers: [String: String]
        /// The body.
        public let body: String
    }

    /// What to do about a request, one step after the other; at the end the server hangs up.
    public enum Step: Sendable {
        /// Send these bytes.
        case send([UInt8])
        /// Wait until the client hangs up.
        case waitForClient
    }

    /// The port of 127.0.0.1 it listens on.
    public let port: Int
    private let listener: Int32
    private let script: @Sendable (_ request: Request, _ number: Int) -> [Step]
    private struct State {
        var requests: [Request] = []
        var connections: Set<Int32> = []
        var left = 0
        var isStopped = false
    }
    private let state = Mutex(State())

    /// Starts to listen.
    ///
    /// - Parameter script: The answer to a request; the number counts from 0.
    /// - Throws: `POSIXError` if no port is free.
    public init(_ script: @escaping @Sendable (_ request: Request, _ number: Int) -> [Step]) throws {
        self.script = script
        (listener, port) = try LoopbackSocket.listen()
        Thread.detachNewThread { [self] in acceptUntilStopped() }
    }

    /// The requests so far.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// How many clients hung up while the server waited for that.
    public var clientsThatLeft: Int { state.withLock { $0.left } }

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
                if !state.isStopped, connection >= 0 { state.connections.insert(connection) }
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
        if let request = Self.request(from: connection) {
            let number = state.withLock { state in
                state.requests.append(request)
                return state.requests.count - 1
            }
            play(script(request, number), to: connection)
        }
        state.withLock { _ = $0.connections.remove(connection) }
        LoopbackSocket.shutDown(connection)
        LoopbackSocket.close(connection)
    }

    private func play(_ steps: [Step], to connection: Int32) {
        for step in steps {
            switch step {
            case .send(let bytes):
                guard LoopbackSocket.sendAll(bytes[...], to: connection) else { return }
            case .waitForClient:
                var byte: UInt8 = 0
                while recv(connection, &byte, 1, 0) > 0 {}
                state.withLock { if !$0.isStopped { $0.left += 1 } }
            }
        }
    }

    private static func request(from connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let request = parse(text[..<end.lowerBound], body: text[end.upperBound...])
                if request.body.utf8.count >= Int(request.headers["content-length"] ?? "0") ?? 0 { return request }
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
    }

    private static func parse(_ head: Substring, body: Substring) -> Request {
        let lines = head.components(separatedBy: "\r\n")
        let first = lines[0].split(separator: " ")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        return Request(
            method: first.first.map(String.init) ?? "", target: first.dropFirst().first.map(String.init) ?? "",
            headers: headers, body: String(body))
    }
}

extension [ReplayServer.Step] {
    /// A whole answer with a body of known length.
    public static func answer(_ status: String, headers: [String: String] = [:], body: String) -> Self {
        let lines = headers.map { "\($0): \($1)\r\n" }.joined()
        let head = "HTTP/1.1 \(status)\r\n\(lines)content-length: \(body.utf8.count)\r\nconnection: close\r\n\r\n"
        return [.send([UInt8]((head + body).utf8))]
    }

    /// An answer in chunks, of which the first bytes are these.
    ///
    /// - Parameters:
    ///   - body: What the client gets.
    ///   - chunkSize: How many bytes each chunk holds.
    ///   - isWhole: Whether the body ends as it should. If not, the server hangs up in the middle of it.
    /// - Returns: Steps to which others may be added.
    public static func stream(
        _ body: some Sequence<UInt8>, chunkSize: Int = 65_536, isWhole: Bool = true
    ) -> Self {
        let head = """
            HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\
            connection: close\r\n\r\n
            """
        let body = [UInt8](body)
        var steps: Self = [.send([UInt8](head.utf8))]
        for start in stride(from: 0, to: body.count, by: chunkSize) {
            let chunk = body[start..<Swift.min(start + chunkSize, body.count)]
            steps.append(.send([UInt8]("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [UInt8]("\r\n".utf8)))
        }
        return isWhole ? steps + [.send([UInt8]("0\r\n\r\n".utf8))] : steps
    }
}

/// Runs a test against a server that replays answers.
public func withReplayServer<R>(
    _ script: @escaping @Sendable (_ request: ReplayServer.Request, _ number: Int) -> [ReplayServer.Step],
    _ body: (ReplayServer) async throws -> R
) async throws -> R {
    let server = try ReplayServer(script)
    defer { server.stop() }
    return try await body(server)
}
