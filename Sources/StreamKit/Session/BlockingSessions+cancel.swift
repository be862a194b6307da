import Synchronization

// How a cancelled command ends, and how its connection is used again.
extension BlockingSessions {
    /// How long the server may take to end a command that nobody waits for.
    private static let patience = Duration.seconds(2)

    /// A task was cancelled: tells the server to end its command.
    func unblock(_ session: Session, with shared: Session) {
        session.expire(within: Self.patience)
        guard let clientID = session.clientID else { return drop(session) }
        // Unstructured: the cancelled task must not wait for this, and its cancellation must not stop it.
        Task {
            do {
                _ = try await shared.send(timeout: Self.patience.nanoseconds) { buffer in
                    buffer.beginCommand("CLIENT", arguments: 3)
                    buffer.argument("UNBLOCK")
                    buffer.argument(clientID)
                }
                settle(session, .unblocked)
            } catch {
                // Nobody knows whether the UNBLOCK is still to come.
                lose(session)
            }
        }
    }

    /// The outcome of a command whose task was cancelled.
    func answeredLate(
        _ session: Session, _ outcome: Result<[Reply], StreamKitError>, _ handler: (@Sendable (Reply) -> Void)?
    ) {
        switch outcome {
        case .success(let replies):
            if let reply = replies.first, reply.kind == .array { handler?(reply) }
            settle(session, .replied)
        case .failure(.connectionLost(_, outcomeUnknown: false)): settle(session, .replied)
        case .failure: lose(session)
        }
    }

    /// Uses a connection again once its command was answered and no UNBLOCK is on its way.
    private func settle(_ session: Session, _ part: Settled) {
        let key = ObjectIdentifier(session)
        let isFree = state.withLock { state in
            guard state.all[key] != nil else { return false }
            let settled = state.settled[key, default: []].union(part)
            state.settled[key] = settled == .everything ? nil : settled
            return settled == .everything
        }
        if isFree { giveBack(session) }
    }
}

extension BlockingSessions.State {
    mutating func forget(_ session: Session) {
        all[ObjectIdentifier(session)] = nil
        identities[ObjectIdentifier(session)] = nil
        settled[ObjectIdentifier(session)] = nil
    }
}
