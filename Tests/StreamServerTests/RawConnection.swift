import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

// The methods of these names would hide the system's functions.
private let systemSend: @Sendable (Int32, UnsafeRawPointer?, Int, Int32) -> Int = { send($0, $1, $2, $3) }
private let systemRead: @Sendable (Int32, UnsafeMutableRawPointer?, Int) -> Int = { read($0, $1, $2) }

/// A TCP connection that sends just what it is told to, and reads only when it is told to.
final class RawConnection: Sendable {
    private let descriptor: Int32

    /// Connects to a port of 127.0.0.1; a small receive buffer makes the sender wait soon.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        #if canImport(Glibc) || canImport(Musl)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        // Nothing in these tests is silent for longer; a read that is must not hold the test run up.
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard outcome == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    /// Sends all of a text, on a thread of its own: it may have to wait until the other side reads.
    ///
    /// - Returns: Whether the other side has taken it; it has not once it has hung up.
    @discardableResult
    func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

    /// Sends all bytes, as ``send(_:)`` does a text.
    @discardableResult
    func send(_ bytes: [UInt8]) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: self.write(bytes))
            }
        }
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        #if canImport(Darwin)
        let flags: Int32 = 0
        #else
        let flags = Int32(MSG_NOSIGNAL)
        #endif
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { systemSend(descriptor, $0.baseAddress, $0.count, flags) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Says that nothing more will be sent.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// How many bytes wait to be read.
    var waiting: Int {
        var count: Int32 = 0
        _ = ioctl(descriptor, UInt(FIONREAD), &count)
        return Int(count)
    }

    /// Reads to the end of the connection.
    func readAll() async -> String { await read { _ in false } }

    /// Reads until a text has come, or to the end of the connection.
    func read(until text: String) async -> String { await read { $0.contains(text) } }

    /// Reads until one text has come, and another one after it.
    func read(until text: String, after first: String) async -> String {
        await read { all in all.range(of: first).map { all[$0.upperBound...].contains(text) } ?? false }
    }

    /// Reads a number of bytes, or to the end of the connection.
    func read(bytes count: Int) async -> [UInt8] {
        await readBytes { $0.count >= count }.prefix(count).map { $0 }
    }

    private func read(until isEnough: @escaping @Sendable (String) -> Bool) async -> String {
        String(
            decoding: await readBytes { isEnough(String(decoding: $0.suffix(1 << 16), as: UTF8.self)) },
            as: UTF8.self)
    }

    private func readBytes(until isEnough: @escaping @Sendable ([UInt8]) -> Bool) async -> [UInt8] {
        await withCheckedContinuation { continuation in
            // A thread of its own: on Linux, Swift's tasks share the threads of the global queues.
            Thread.detachNewThread {
                var all: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                while true {
                    let count = systemRead(self.descriptor, &buffer, buffer.count)
                    guard count > 0 else { break }
                    all += buffer[..<count]
                    if isEnough(all) { break }
                }
                continuation.resume(returning: all)
            }
        }
    }
}
