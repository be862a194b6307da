import LocalRedis
import Foundation
import Limits
import StreamKit

/// One of the two ways to the same server.
struct Transport: Sendable {
    let name: String
    let configuration: RedisConfiguration
    /// The path of the unix socket; `nil` for TCP.
    let path: String?
    let port: Int
    /// The server's unix socket, whatever this transport is.
    let directory: String
    let serverSocket: String

    static func all(of server: LocalRedis) -> [Transport] {
        let port = server.port ?? 0
        return [
            Transport(
                name: "unix socket", configuration: RedisConfiguration(unixSocket: server.socket), path: server.socket,
                port: port, directory: server.directory, serverSocket: server.socket),
            Transport(
                name: "TCP", configuration: RedisConfiguration(host: "127.0.0.1", port: port), path: nil, port: port,
                directory: server.directory, serverSocket: server.socket),
        ]
    }

    /// The same client over another unix socket.
    func through(_ path: String) -> Transport {
        Transport(
            name: name, configuration: RedisConfiguration(unixSocket: path), path: path, port: port,
            directory: directory, serverSocket: serverSocket)
    }
}

struct LimitFailed: Error, CustomStringConvertible {
    let description: String
}

/// A blocking connection of hiredis, for the limits written in C.
///
/// Safety: one call at a time uses it; each sampler has its own.
final class HiredisConnection: @unchecked Sendable {
    private let context: OpaquePointer

    init(_ transport: Transport) throws {
        guard let context = limit_connect(transport.path, Int32(transport.port)) else {
            throw LimitFailed(description: "hiredis cannot connect over \(transport.name).")
        }
        self.context = context
    }

    deinit {
        limit_disconnect(context)
    }

    /// Runs a limit on a thread of its own, as it blocks, and returns the seconds it took.
    func seconds(_ limit: @escaping @Sendable (OpaquePointer) -> Double) async throws -> Double {
        let seconds = await onThread { limit(self.context) }
        guard seconds >= 0 else { throw LimitFailed(description: "hiredis lost the server, or got an error.") }
        return seconds
    }
}

/// Runs blocking work off Swift's cooperative threads.
func onThread<R: Sendable>(_ work: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: work()) }
    }
}

/// Runs asynchronous work and returns the seconds it took.
func seconds(_ work: () async throws -> Void) async rethrows -> Double {
    let start = limit_now()
    try await work()
    return Double(limit_now() - start) / 1e9
}
