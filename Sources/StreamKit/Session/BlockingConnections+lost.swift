import Synchronization

/// How the server tells one connection from all others, those before a restart included.
struct ClientIdentity: Hashable {
    let id: String
    let address: String

    /// Reads the answer to CLIENT INFO.
    init?(info: String) {
        var values: [Substring: Substring] = [:]
        for part in info.split(whereSeparator: \.isWhitespace) {
            guard let mark = part.firstIndex(of: "=") else { continue }
            values[part[..<mark]] = part[part.index(after: mark)...]
        }
        guard let id = values["id"], let address = values["addr"] else { return nil }
        (self.id, self.address) = (String(id), String(address))
    }
}

// A delivery whose connection broke may still be going on: until the server finds out, it hands the next
// entries to a reader that is gone. Whoever looks for them among the pending ones would look too early.
extension BlockingConnections {
    /// Learns what the server calls a connection, before anything is delivered over it.
    ///
    /// Over a unix socket the server learns of an end at once and in order, so there is nothing to do.
    func introduce(_ connection: Connection) async throws {
        let key = ObjectIdentifier(connection)
        guard case .tcp = configuration.endpoint, state.withLock({ $0.identities[key] == nil }) else { return }
        let reply = try await connection.send(timeout: connection.commandTimeout) { buffer in
            buffer.beginCommand("CLIENT", words: 2)
            buffer.word("INFO")
        }.single()
        // Where an ACL forbids the question, an entry lost this way is found when the consumer starts again.
        let identity = reply.text.flatMap { ClientIdentity(info: $0) }
        state.withLock { $0.identities[key] = identity }
    }

    /// Makes sure that nothing is delivered any more to connections that were given up (CLIENT KILL).
    func endLost(with shared: Connection) async throws {
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
