import DequeModule
import Synchronization

/// The connections that carry blocking commands, one command at a time each.
///
/// A connection whose command ended is used again. When a waiting task is cancelled it goes on at once;
/// its command is ended by CLIENT UNBLOCK and the connection returns here with the late reply, or is
/// closed when none comes. Source: <https://redis.io/docs/latest/commands/client-unblock/>
final class BlockingConnections: Sendable {
    struct State {
        var all: [ObjectIdentifier: Connection] = [:]
        /// Those of them that no command uses.
        var idle: [Connection] = []
        var identities: [ObjectIdentifier: ClientIdentity] = [:]
        /// Connections that were given up while the server may still deliver entries to them.
        var lost: Set<ClientIdentity> = []
        var isClosed = false
    }

    let state = Mutex(State())
    let configuration: RedisConfiguration
    /// Idle connections beyond this number are closed.
    private static let maximumIdle = 16

    init(_ configuration: RedisConfiguration) {
        self.configuration = configuration
    }

    /// Sends one blocking command on a connection of its own.
    ///
    /// Where it is a `delivery`, a reply that is lost means something on the server: see ``endLost(with:)``.
    func send(
        wait: ReadWait, delivery isDelivery: Bool = false, unblockingWith shared: Connection,
        lateReplyHandler: (@Sendable (Reply) -> Void)?,
        _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Replies {
        let connection = try take()
        let timeout: Duration? =
            switch wait {
            case .no: configuration.commandTimeout
            case .atMost(let limit): limit + configuration.commandTimeout
            case .forever: nil
            }
        do {
            if isDelivery { try await introduce(connection) }
        } catch {
            // Nothing was asked for yet, so nothing can be lost, and nobody else waits for this answer.
            drop(connection)
            if case StreamKitError.connectionLost(let reason, _) = error {
                throw StreamKitError.connectionLost(reason, outcomeUnknown: false)
            }
            throw asLost(error)
        }
        do {
            let replies = try await connection.send(
                timeout: timeout?.nanoseconds,
                lateReplyHandler: { [self] outcome in
                    guard case .success(let replies) = outcome else { return lose(connection) }
                    giveBack(connection)
                    if let reply = replies.first, reply.kind == .array { lateReplyHandler?(reply) }
                }, encode)
            giveBack(connection)
            return replies
        } catch is CancellationError {
            unblock(connection, with: shared)
            throw CancellationError()
        } catch StreamKitError.closed {
            drop(connection)
            throw asLost(StreamKitError.closed)
        } catch {
            lose(connection)
            throw error
        }
    }

    /// What is closed while the client is not broke as it was taken.
    private func asLost(_ error: any Error) -> any Error {
        guard case StreamKitError.closed = error, !state.withLock({ $0.isClosed }) else { return error }
        return StreamKitError.connectionLost("The connection to \(configuration) broke.", outcomeUnknown: false)
    }

    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            defer { (state.all, state.idle, state.identities) = ([:], [], [:]) }
            return state.all
        }
        for connection in all.values { connection.close() }
    }

    /// Closes what nobody uses at this moment, because it leads to the wrong server.
    func dropIdle() {
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for connection in idle { drop(connection) }
    }

    private func take() throws -> Connection {
        try state.withLock { state in
            guard !state.isClosed else { throw StreamKitError.closed }
            if let connection = Self.usable(&state) { return connection }
            let connection = Connection(configuration, isForBlocking: true)
            state.all[ObjectIdentifier(connection)] = connection
            return connection
        }
    }

    private static func usable(_ state: inout State) -> Connection? {
        while let candidate = state.idle.popLast() {
            if candidate.isConnected { return candidate }
            state.forget(candidate)
            candidate.close()
        }
        return nil
    }

    private func giveBack(_ connection: Connection) {
        let isKept = state.withLock { state in
            guard !state.isClosed, state.idle.count < Self.maximumIdle else { return false }
            state.idle.append(connection)
            return true
        }
        if !isKept { drop(connection) }
    }

    private func drop(_ connection: Connection) {
        state.withLock { $0.forget(connection) }
        connection.close()
    }

    private func lose(_ connection: Connection) {
        state.withLock { state in
            if let identity = state.identities[ObjectIdentifier(connection)] { state.lost.insert(identity) }
        }
        drop(connection)
    }

    private func unblock(_ connection: Connection, with shared: Connection) {
        connection.expire(within: .seconds(2))
        guard let clientID = connection.clientID else { return drop(connection) }
        // Unstructured: the cancelled task must not wait for this, and its cancellation must not stop it.
        Task {
            _ = try? await shared.send(timeout: 2_000_000_000) { buffer in
                buffer.beginCommand("CLIENT", words: 3)
                buffer.word("UNBLOCK")
                buffer.word(clientID)
            }
        }
    }
}

extension BlockingConnections.State {
    fileprivate mutating func forget(_ connection: Connection) {
        all[ObjectIdentifier(connection)] = nil
        identities[ObjectIdentifier(connection)] = nil
    }
}

extension Connection {
    var isConnected: Bool {
        state.withLock { state in if case .ready = state.phase { true } else { false } }
    }
}
