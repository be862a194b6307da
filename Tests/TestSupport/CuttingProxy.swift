import Foundation
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A network that fails on demand: forwards a loopback port to a server's, and cuts or stalls it.
///
/// Plain sockets and two threads a connection: what is tested must not be tested with itself.
public final class CuttingProxy: Sendable {
    /// The port of 127.0.0.1 to connect to in place of the server's.
    public let port: Int

    /// One forwarded connection; its descriptors are closed when both directions have ended.
    private struct Link {
        var client: Int32
        var server: Int32
        var replyBytesLeft: Int?
        var openDirections = 2
    }

    private struct State {
        var links: [Int: Link] = [:]
        var accepted = 0
        var replyBytes: ClosedRange<Int>?
        var heldBack = 0
        var isStopped = false
    }

    private let target: Int
    private let listener: Int32
    private let state = Mutex(State())
    private let stalled = NSCondition()
    private let isStalled = Mutex(false)

    /// Starts to listen on a free port and to forward to the given one.
    public init(to target: Int) throws {
        self.target = target
        (listener, port) = try openListener()
        Thread.detachNewThread { [self] in acceptUntilStopped() }
    }

    /// How many connections came in so far.
    public var acceptedConnections: Int { state.withLock { $0.accepted } }

    /// How many connections are open at this moment.
    public var openConnections: Int { state.withLock { $0.links.count } }

    /// Whether ``stall()`` holds bytes back at this moment, so that they are known to be on their way.
    public var isHoldingBack: Bool { state.withLock { $0.heldBack > 0 } }

    /// Cuts every open connection; new ones are accepted.
    public func cutAll() {
        state.withLock { state in
            for link in state.links.values { cut(link) }
        }
    }

    /// Cuts one open connection, whichever; false if there was none.
    @discardableResult public func cutRandom() -> Bool {
        state.withLock { state in
            guard let link = state.links.values.randomElement() else { return false }
            cut(link)
            return true
        }
    }

    /// From now on cuts each new connection after so many bytes of replies, wherever in a reply that is.
    ///
    /// - Parameter bytes: how many; each connection draws its own number. Nil lets them live.
    public func cutNewConnections(afterReplyBytes bytes: ClosedRange<Int>?) {
        state.withLock { $0.replyBytes = bytes }
    }

    /// Holds back everything, both ways, without closing anything, until ``resume()``.
    public func stall() {
        isStalled.withLock { $0 = true }
    }

    /// Lets everything held back by ``stall()`` through.
    public func resume() {
        stalled.lock()
        isStalled.withLock { $0 = false }
        stalled.broadcast()
        stalled.unlock()
    }

    /// Cuts everything and accepts no more.
    public func stop() {
        state.withLock { $0.isStopped = true }
        resume()
        cutAll()
        // A connection wakes the thread that waits for one; not every system lets `shutdown` do that.
        if let knock = openConnection(to: port) { close(knock) }
    }

    // MARK: On the threads

    private func acceptUntilStopped() {
        while true {
            let client = accept(listener, nil, nil)
            if state.withLock({ $0.isStopped }) {
                if client >= 0 { close(client) }
                close(listener)
                return
            }
            guard client >= 0 else { continue }
            prepare(client)
            guard let server = openConnection(to: target) else {
                close(client)
                continue
            }
            forward(client, server)
        }
    }

    private func forward(_ client: Int32, _ server: Int32) {
        let number = state.withLock { state in
            state.accepted += 1
            let budget = state.replyBytes.map { Int.random(in: $0) }
            state.links[state.accepted] = Link(client: client, server: server, replyBytesLeft: budget)
            return state.accepted
        }
        Thread.detachNewThread { [self] in
            pump(from: client, to: server) { $0 }
            endDirection(of: number)
        }
        Thread.detachNewThread { [self] in
            pump(from: server, to: client) { spendReplyBytes($0, of: number) }
            endDirection(of: number)
        }
    }

    /// Copies until either side ends or fewer bytes are allowed than there are.
    private func pump(from source: Int32, to sink: Int32, allow: (Int) -> Int) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            waitWhileStalled()
            let allowed = allow(count)
            guard sendAll(buffer[..<allowed], to: sink), allowed == count else { return }
        }
    }

    private func waitWhileStalled() {
        stalled.lock()
        state.withLock { $0.heldBack += 1 }
        while isStalled.withLock({ $0 }) { stalled.wait() }
        state.withLock { $0.heldBack -= 1 }
        stalled.unlock()
    }

    private func spendReplyBytes(_ count: Int, of number: Int) -> Int {
        state.withLock { state in
            guard let left = state.links[number]?.replyBytesLeft else { return count }
            state.links[number]?.replyBytesLeft = max(0, left - count)
            return min(left, count)
        }
    }

    private func endDirection(of number: Int) {
        state.withLock { state in
            guard var link = state.links[number] else { return }
            cut(link)
            link.openDirections -= 1
            state.links[number] = link.openDirections == 0 ? nil : link
            if link.openDirections == 0 {
                close(link.client)
                close(link.server)
            }
        }
    }

    private func cut(_ link: Link) {
        shutdown(link.client, bothWays)
        shutdown(link.server, bothWays)
    }
}

/// Runs a test with a proxy in front of the port.
public func withCuttingProxy<R>(
    to port: Int, _ body: (CuttingProxy) async throws -> R
) async throws -> R {
    let proxy = try CuttingProxy(to: port)
    defer { proxy.stop() }
    return try await body(proxy)
}

// MARK: Sockets

#if canImport(Glibc)
private let streamSocket = Int32(SOCK_STREAM.rawValue)
#else
private let streamSocket = SOCK_STREAM
#endif
private let bothWays = Int32(SHUT_RDWR)

private func openListener() throws -> (descriptor: Int32, port: Int) {
    let listener = socket(AF_INET, streamSocket, 0)
    prepare(listener)
    var address = loopback(port: 0)
    let isBound = withSocketAddress(of: &address) { bind(listener, $0, $1) == 0 }
    guard isBound, listen(listener, 128) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    var bound = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isNamed = withSocketAddress(of: &bound) { pointer, _ in
        getsockname(listener, UnsafeMutablePointer(mutating: pointer), &size) == 0
    }
    guard isNamed else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    return (listener, Int(in_port_t(bigEndian: bound.sin_port)))
}

private func openConnection(to port: Int) -> Int32? {
    let connection = socket(AF_INET, streamSocket, 0)
    guard connection >= 0 else { return nil }
    prepare(connection)
    var address = loopback(port: port)
    if withSocketAddress(of: &address, { connect(connection, $0, $1) == 0 }) { return connection }
    close(connection)
    return nil
}

/// Keeps the descriptor from child processes, its bytes from waiting, and macOS from raising SIGPIPE.
private func prepare(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var yes: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, size)
    #if canImport(Darwin)
    setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &yes, size)
    #endif
}

private func sendAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
    #if canImport(Darwin)
    let quietly: Int32 = 0
    #else
    let quietly = Int32(MSG_NOSIGNAL)
    #endif
    var rest = bytes
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, quietly) }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
    }
    return true
}

private func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}

private func withSocketAddress<R>(
    of address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
) -> R {
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body(UnsafePointer($0), socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
