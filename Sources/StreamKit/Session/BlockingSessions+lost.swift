import Synchronization

// After a connection breaks, the server may still deliver entries to it until it finds out. A reader that looks for
// them among its pending entries before that looks too early.
extension BlockingSessions {
    /// Learns what the server calls a connection, before anything is delivered over it.
    ///
    /// Over a unix socket the server learns of a closed connection at once and in order, so there is nothing to do.
    func introduce(_ session: Session) async throws {
        let key = ObjectIdentifier(session)
        guard case .tcp = configuration.endpoint, state.withLock({ $0.identities[key] == nil }) else { return }
        let reply = try await session.send(timeout: session.commandTimeout) { buffer in
            buffer.beginCommand("CLIENT", arguments: 2)
            buffer.argument("INFO")
        }.single()
        // If an ACL forbids the question, an entry lost this way is found when the consumer starts again.
        let identity = reply.text.flatMap { ClientIdentity(info: $0) }
        state.withLock { $0.identities[key] = identity }
    }

    /// Makes sure that the server delivers nothing more to connections that were given up (CLIENT KILL).
    func endLost(with shared: Session) async throws {
        for identity in state.withLock({ $0.lost }) {
            let reply = try await shared.send(timeout: shared.commandTimeout) { buffer in
                buffer.beginCommand("CLIENT", arguments: 6)
                buffer.argument("KILL")
                buffer.argument("ID")
                buffer.argument(identity.id)
                buffer.argument("ADDR")
                buffer.argument(identity.address)
            }.single()
            let refusal = ServerError(message: reply.kind == .error ? reply.text ?? "" : "", command: "CLIENT")
            if refusal.isTemporary { throw StreamKitError.server(refusal) }
            _ = state.withLock { $0.lost.remove(identity) }
        }
    }
}
