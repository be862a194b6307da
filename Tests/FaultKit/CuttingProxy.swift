import Foundation
import Synchronization

/// A network that fails on demand: forwards a loopback port to a server's, and cuts or stalls it.
///
/// It uses plain sockets and two threads per connection: the code under test must not test itself.
public final class CuttingProxy: Sendable {
    /// The port of 127.0.0.1 to connect to in place of the server's.
    public let port: Int

    /// One forwarded connection; its descriptors are closed when both directions have ended.
    struct Link {
        var client: Int32
        var server: Int32
        var replyBytesLeft: Int?
        var openDirections = 2
        /// Whether its server should go on believing that the client is there.
        var isHalfDead = false
    }

    struct State {
        var target: Int
        var links: [Int: Link] = [:]
        var accepted = 0
        var replyBytes: ClosedRange<Int>?
        var heldBack = 0
        var isStopped = false
    }

    let listener: Int32
    let state: Mutex<State>
    let stalled = NSCondition()
    let stalling = Mutex<Stall?>(nil)

    /// What is held back.
    enum Stall {
        case everything
        /// Connections whose client sends this.
        case requests(with: String)
    }

    /// Starts to listen on a free port and to forward to the given one.
    public init(to target: Int) throws {
        state = Mutex(State(target: target))
        (listener, port) = try LoopbackSocket.listen()
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
            for link in state.links.values { Self.cut(link) }
        }
    }

    /// Cuts the clients' side of every open connection; the server does not learn of it until ``stop()``.
    public func cutClientsOnly() {
        state.withLock { state in
            for number in state.links.keys {
                state.links[number]?.isHalfDead = true
                if let link = state.links[number] { LoopbackSocket.shutDown(link.client) }
            }
        }
    }

    /// Cuts any one open connection; false if there was none.
    @discardableResult public func cutRandom() -> Bool {
        state.withLock { state in
            guard let link = state.links.values.randomElement() else { return false }
            Self.cut(link)
            return true
        }
    }

    /// From now on cuts each new connection after the given number of bytes of replies, even within a reply.
    ///
    /// - Parameter bytes: how many; each connection draws its own number. Nil lets them live.
    public func cutNewConnections(afterReplyBytes bytes: ClosedRange<Int>?) {
        state.withLock { $0.replyBytes = bytes }
    }

    /// From now on forwards new connections to another server, as a failover does; open ones stay.
    public func retarget(to port: Int) {
        state.withLock { $0.target = port }
    }

    /// Holds back everything, both ways, without closing anything, until ``resume()``.
    public func stall() {
        stalling.withLock { $0 = .everything }
    }

    /// Holds back what clients send that contains the text, and what they send after it, until ``resume()``.
    public func stall(requestsWith text: String) {
        stalling.withLock { $0 = .requests(with: text) }
    }

    /// Lets everything held back by ``stall()`` through.
    public func resume() {
        stalled.lock()
        stalling.withLock { $0 = nil }
        stalled.broadcast()
        stalled.unlock()
    }

    /// Cuts everything and accepts no more.
    public func stop() {
        state.withLock { state in
            state.isStopped = true
            for number in state.links.keys { state.links[number]?.isHalfDead = false }
        }
        resume()
        cutAll()
        // A connection wakes the thread that waits for one; not every system lets `shutdown` do that.
        if let knock = LoopbackSocket.connect(to: port) { LoopbackSocket.close(knock) }
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
