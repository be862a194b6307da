import Synchronization

/// The connections that carry blocking commands, one command at a time each.
///
/// A connection whose command ended is used again, and one that was idle for a while is closed. So there are as many
/// as were lately in use at one time. When a waiting task is cancelled it goes on at once. CLIENT UNBLOCK ends its
/// command, and the connection returns here when both were answered, or is closed.
/// Source: <https://redis.io/docs/latest/commands/client-unblock/>
final class BlockingSessions: Sendable {
    struct State {
        var all: [ObjectIdentifier: Session] = [:]
        /// The connections that no command uses, the most recently used last.
        var idle: [Session] = []
        /// The connections whose task was cancelled, and what is known about each.
        var settled: [ObjectIdentifier: Settled] = [:]
        var identities: [ObjectIdentifier: ClientIdentity] = [:]
        /// Connections that were given up while the server may still deliver entries to them.
        var lost: Set<ClientIdentity> = []
        var isClosed = false
    }

    /// What has to be known before the connection of a cancelled command is used again: an UNBLOCK on its way would
    /// end the next command.
    struct Settled: OptionSet {
        let rawValue: Int
        static let replied = Settled(rawValue: 1)
        static let unblocked = Settled(rawValue: 2)
        static let everything: Settled = [.replied, .unblocked]
    }

    let state = Mutex(State())
    let configuration: RedisConfiguration
    private let idleTimeout: Duration

    init(_ configuration: RedisConfiguration, idleTimeout: Duration = .seconds(30)) {
        self.configuration = configuration
        self.idleTimeout = idleTimeout
    }

    /// Sends one blocking command on a connection of its own.
    ///
    /// A lost reply to a `delivery` has an effect on the server: see ``endLost(with:)``.
    func send(
        wait: ReadWait, delivery isDelivery: Bool = false, unblockingWith shared: Session,
        lateReplyHandler: (@Sendable (Reply) -> Void)?,
        _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Replies {
        let session = try take()
        try await prepare(session, isDelivery)
        do {
            let replies = try await session.send(
                timeout: timeout(of: wait),
                lateReplyHandler: { [self] in answeredLate(session, $0, lateReplyHandler) }, encode)
            giveBack(session)
            return replies
        } catch is CancellationError {
            unblock(session, with: shared)
            throw CancellationError()
        } catch StreamKitError.closed {
            drop(session)
            throw asLost(StreamKitError.closed)
        } catch {
            lose(session)
            throw error
        }
    }

    /// Closes all of them, for good.
    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            defer { (state.all, state.idle, state.identities, state.settled) = ([:], [], [:], [:]) }
            return state.all
        }
        for session in all.values { session.close() }
    }

    /// Closes what nobody uses at this moment, because it leads to the wrong server.
    func dropIdle() {
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for session in idle { drop(session) }
    }

    private func timeout(of wait: ReadWait) -> UInt64? {
        switch wait {
        case .no: configuration.commandTimeout.nanoseconds
        case .atMost(let limit): (limit + configuration.commandTimeout).nanoseconds
        case .forever: nil
        }
    }

    /// Sends what has to be sent before a command that blocks.
    private func prepare(_ session: Session, _ isDelivery: Bool) async throws {
        do {
            if let store = configuration.credentialStore, session.isConnected {
                let (credentials, generation) = try await store.current()
                try await session.authenticate(credentials, generation)
            }
            if isDelivery { try await introduce(session) }
        } catch {
            // No delivery was asked for yet, so nothing can be lost, and nobody else waits for this answer.
            drop(session)
            if case StreamKitError.connectionLost(let reason, _) = error {
                throw StreamKitError.connectionLost(reason, outcomeUnknown: false)
            }
            throw asLost(error)
        }
    }

    /// A session that is closed while the client is open broke just as it was taken.
    private func asLost(_ error: any Error) -> any Error {
        guard case StreamKitError.closed = error, !state.withLock({ $0.isClosed }) else { return error }
        return StreamKitError.connectionLost("The connection to \(configuration) broke.", outcomeUnknown: false)
    }

    // MARK: Taking and giving back

    private func take() throws -> Session {
        try state.withLock { state in
            guard !state.isClosed else { throw StreamKitError.closed }
            while let candidate = state.idle.popLast() {
                if candidate.isConnected { return candidate }
                state.forget(candidate)
            }
            let session = Session(configuration, .blocking(configuration, idleTimeout: idleTimeout))
            state.all[ObjectIdentifier(session)] = session
            return session
        }
    }

    func giveBack(_ session: Session) {
        let isKept = state.withLock { state in
            // The idle sessions that were closed are the ones used longest ago.
            while let oldest = state.idle.first, !oldest.isConnected {
                state.idle.removeFirst()
                state.forget(oldest)
            }
            guard !state.isClosed, session.isConnected else { return false }
            state.idle.append(session)
            return true
        }
        if !isKept { drop(session) }
    }

    func drop(_ session: Session) {
        state.withLock { $0.forget(session) }
        session.close()
    }

    func lose(_ session: Session) {
        state.withLock { state in
            if let identity = state.identities[ObjectIdentifier(session)] { state.lost.insert(identity) }
        }
        drop(session)
    }
}
