import Synchronization

// A delivery whose connection broke may still be going on: until the server finds out, it hands the next
// entries to a reader that is gone. Whoever looks for them among the pending ones would look too early.
extension BlockingSessions {
    /// Learns what the server calls a connection, before anything is delivered over it.
    ///
    /// Over a unix socket the server learns of an end at once and in order, so there is nothing to do.
    func introduce(_ session: Session) async throws {
        let key = ObjectIdentifier(session)
        guard case .tcp = configuration.endpoint, state.withLock({ $0.identities[key] == nil }) else { return }
        let reply = try await session.send(timeout: session.commandTimeout) { buffer in
            buffer.beginCommand("CLIENT", words: 2)
            buffer.word("INFO")
        }.single()
        // Where an ACL forbids the question, an entry lost this way is found when the consumer starts again.
        let identity = reply.text.flatMap { ClientIdentity(info: $0) }
        state.withLock { $0.identities[key] = identity }
    }

    /// Makes sure that nothing is delivered any more to connections that were given up (CLIENT KILL).
    func endLost(with shared: Session) async throws {
        for identity in state.withLock({ $0.lost }) {
            let reply = try await shared.send(timeout: shared.commandTimeout) { buffer in
                buffer.beginCommand("CLIENT", words: 6)
                buffer.word("KILL")
                buffer.word("ID")
                buffer.word(identity.id)
                buffer.word("ADDR")
                buffer.word(identity.address)
            }.single()
            let refusal = ServerError(message: reply.kind == .error ? reply.text ?? "" : "", command: "CLIENT")
            if refusal.isTemporary { throw StreamKitError.server(refusal) }
            _ = state.withLock { $0.lost.remove(identity) }
        }
    }
}
