import Synchronization

/// The connections that carry blocking commands, one command at a time each.
///
/// A connection whose command ended is used again, and one that was idle for a while is closed. So there are as many
/// as were lately in use at one time. When a waiting task is cancelled it goes on at once: see `release`.
final class BlockingSessions: Sendable {
    struct State {
        var all: [ObjectIdentifier: Session] = [:]
        /// The connections that no command uses, the most recently used last.
        var idle: [Session] = []
        /// The connections whose task was cancelled, until their command has ended.
        var ending: [ObjectIdentifier: Session] = [:]
        /// Connections that were given up while the server may still deliver entries to them.
        var lost: Set<ClientIdentity> = []
        var isClosed = false
    }

    /// How long the server may take to end a command that nobody waits for, in nanoseconds.
    private static let patience: UInt64 = 2_000_000_000

    let state = Mutex(State())
    private let configuration: RedisConfiguration

    init(_ configuration: RedisConfiguration) {
        self.configuration = configuration
    }

    /// Sends one blocking command on a connection of its own.
    ///
    /// A lost reply to a `delivery` has an effect on the server: see ``endLost(with:)``.
    func send(
        wait: ReadWait, delivery isDelivery: Bool = false, unblockingWith shared: Session,
        _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Replies {
        var session = try take()
        while try await !renewCredentials(of: session) { session = try take() }
        do {
            let replies = try await session.send(timeout: timeout(of: wait), encode)
            giveBack(session)
            return replies
        } catch is CancellationError {
            release(session, isDelivery, with: shared)
            throw CancellationError()
        } catch StreamKitError.closed {
            drop(session)
            throw asLost(StreamKitError.closed)
        } catch {
            lose(session, isDelivery)
            throw error
        }
    }

    /// Closes all of them, for good.
    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            defer { (state.all, state.idle, state.ending) = ([:], [], [:]) }
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
        wait.duration.map { ($0 + configuration.timeouts.command).nanoseconds }
    }

    /// Sends the newest credentials of a provider before a command that blocks.
    ///
    /// - Returns: false if they were refused. They may have run out on their way, so newer ones are asked for; a
    ///   connection that is opened with these says it if they are wrong.
    private func renewCredentials(of session: Session) async throws -> Bool {
        guard let store = configuration.credentialStore, session.isConnected else { return true }
        do {
            let (credentials, generation) = try await store.current()
            do {
                try await session.authenticate(credentials, generation)
                return true
            } catch  where Session.refusesCredentials(error) {
                store.refused(generation)
                drop(session)
                return false
            }
        } catch {
            // Nothing was asked for yet, so nothing can be lost, and nobody else waits for this answer.
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
            let session = Session(configuration, idleTimeout: .seconds(30))
            state.all[ObjectIdentifier(session)] = session
            return session
        }
    }

    private func giveBack(_ session: Session) {
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

    private func drop(_ session: Session) {
        state.withLock { $0.forget(session) }
        session.close()
    }

    /// Gives up a connection whose command may still be under way.
    private func lose(_ session: Session, _ isDelivery: Bool) {
        if isDelivery, let identity = session.identity {
            _ = state.withLock { $0.lost.insert(identity) }
        }
        drop(session)
    }
}

// How a command ends whose task was cancelled, or whose connection was lost.
extension BlockingSessions {
    /// Ends the command of a cancelled task, and then uses its connection again.
    ///
    /// CLIENT UNBLOCK ends it, and the reply to PING comes after its own. Only then is no UNBLOCK on its way any more
    /// that would hit the connection's next command.
    /// Source: <https://redis.io/docs/latest/commands/client-unblock/>
    private func release(_ session: Session, _ isDelivery: Bool, with shared: Session) {
        guard session.isConnected, let identity = session.identity else { return lose(session, isDelivery) }
        let key = ObjectIdentifier(session)
        state.withLock { if $0.all[key] != nil { $0.ending[key] = session } }
        // Unstructured: the cancelled task must not wait for this, and its cancellation must not stop it.
        Task {
            do {
                _ = try await shared.send(timeout: Self.patience) { $0.command(["CLIENT", "UNBLOCK", identity.id]) }
                _ = try await session.send(timeout: Self.patience) { $0.command(["PING"]) }
                if state.withLock({ $0.ending.removeValue(forKey: key) }) != nil { giveBack(session) }
            } catch {
                lose(session, isDelivery)
            }
        }
    }

    /// Makes sure that the server delivers nothing more to readers that were cancelled or lost (CLIENT KILL).
    ///
    /// After a connection breaks, the server may still deliver entries to it until it finds out. A reader that looks
    /// for them among its pending entries before that looks too early.
    /// Over a unix socket, where addresses do not tell connections apart, PING takes its place: the server sees that
    /// such a socket was closed before it sees anything that is sent after the reply to PING.
    func endLost(with shared: Session) async throws {
        let ending = state.withLock { state in
            defer { state.ending = [:] }
            return state.ending.values
        }
        for session in ending { lose(session, true) }
        let lost = state.withLock { $0.lost }
        if case .unix = configuration.endpoint, !lost.isEmpty {
            _ = try await shared.send(timeout: shared.commandTimeout) { $0.command(["PING"]) }
            return state.withLock { $0.lost.subtract(lost) }
        }
        for identity in lost {
            let reply = try await shared.send(timeout: shared.commandTimeout) {
                $0.command(["CLIENT", "KILL", "ID", identity.id, "ADDR", identity.address])
            }.single()
            let refusal = ServerError(message: reply.kind == .error ? reply.text ?? "" : "", command: "CLIENT")
            if refusal.isTransient { throw StreamKitError.server(refusal) }
            _ = state.withLock { $0.lost.remove(identity) }
        }
    }
}

extension BlockingSessions.State {
    fileprivate mutating func forget(_ session: Session) {
        all[ObjectIdentifier(session)] = nil
        ending[ObjectIdentifier(session)] = nil
    }
}
