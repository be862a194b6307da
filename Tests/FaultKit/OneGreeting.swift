import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A server that accepts one connection, takes its first bytes and hangs up.
public struct OneGreeting: Sendable {
    /// The port of 127.0.0.1 it listens on.
    public let port: Int
    private let listener: Int32

    /// Starts to listen.
    ///
    /// - Throws: `POSIXError` if no port is free.
    public init() throws {
        (listener, port) = try LoopbackSocket.listen()
    }

    /// The first bytes of the first client to connect; empty if it hangs up.
    public func bytes() async -> [UInt8] {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let client = accept(listener, nil, nil)
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = recv(client, &bytes, bytes.count, 0)
                LoopbackSocket.close(client)
                LoopbackSocket.close(listener)
                continuation.resume(returning: Array(bytes.prefix(max(0, count))))
            }
        }
    }
}
