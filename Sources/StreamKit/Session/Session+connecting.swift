import Logging
import Synchronization

// How a connection comes about: on a thread that may block, with the newest credentials if they come from a provider.
// And how a living connection is given newer ones.
extension Session {
    func connect() {
        let attempt = guarded.withLock { $0.state.attempt }
        guard IOThread.shared.start() else { return connectFailed(Connector.noThread(address), attempt) }
        let done: @Sendable (Result<Link, StreamKitError>) -> Void = { [self] result in
            switch result {
            case .success(let link): connected(link, attempt)
            case .failure(let error): connectFailed(error, attempt)
            }
        }
        if let store = configuration.credentialStore {
            openConnection(from: store, done)
        } else {
            openConnection(configuration, done)
        }
    }

    private func connectFailed(_ error: StreamKitError, _ attempt: UInt64) {
        configuration.observability.logger.debug("cannot connect", metadata: ["reason": "\(error)"])
        handle { $0.connectFailed(attempt, error, MonotonicClock.now(), pause: Self.pause) }
    }

    /// 10 to 20 ms before the second attempt, twice as long before each further one, up to 2 s.
    static func pause(afterFailures failures: Int) -> UInt64 {
        RetryBackoff(initial: .milliseconds(20), maximum: .seconds(2)).delay(afterFailures: failures).nanoseconds
    }

    private func connected(_ link: Link, _ attempt: UInt64) {
        link.attempt = attempt
        var wasConnected = false
        let effects: Effects? = guarded.withLock { guarded in
            wasConnected = guarded.state.wasConnected
            let (isWanted, effects) = guarded.state.connected(attempt, MonotonicClock.now())
            guard isWanted else { return nil }
            (guarded.link, guarded.identity) = (link, link.identity)
            IOThread.shared.sockets.add(link.descriptor, number)
            return effects
        }
        guard let effects else { return link.shutDown() }
        if wasConnected { configuration.observers?.metrics?.reconnected() }
        configuration.observability.logger.debug("connected", metadata: ["redis": "\(address)"])
        perform(effects, nil)
    }

    // MARK: Credentials from a provider

    /// Opens a connection with the newest credentials; if the server refuses them, they are fetched again.
    ///
    /// They may have been replaced a moment ago, so it tries for half the time that an attempt to connect may take.
    private func openConnection(
        from store: CredentialStore, _ done: @escaping @Sendable (Result<Link, StreamKitError>) -> Void
    ) {
        // Unstructured: the attempt belongs to all commands that wait for it.
        Task {
            let end = ContinuousClock.now + configuration.timeouts.connect / 2
            do {
                let link = try await RetryPolicy.forever.run(
                    if: { Self.refusesCredentials($0) && .now < end },
                    onRetry: { error, _ in
                        if let error = error as? StreamKitError { handle { $0.refused(error) } }
                    }, { _ in try await open(from: store) })
                done(.success(link))
            } catch {
                done(.failure(error as? StreamKitError ?? .closed))
            }
        }
    }

    private func open(from store: CredentialStore) async throws -> Link {
        let (credentials, generation): (Credentials, UInt64)
        do {
            (credentials, generation) = try await store.current()
        } catch {
            throw StreamKitError.cannotConnect("No credentials for Redis at \(configuration): \(error)")
        }
        var configuration = configuration
        configuration.credentials = credentials
        let result = await withCheckedContinuation { continuation in
            openConnection(configuration) { continuation.resume(returning: $0) }
        }
        switch result {
        case .success: credentialGeneration.store(generation, ordering: .relaxed)
        case .failure(let error): if Self.refusesCredentials(error) { store.refused(generation) }
        }
        return try result.get()
    }

    static func refusesCredentials(_ error: any Error) -> Bool {
        ["WRONGPASS", "NOAUTH"].contains((error as? StreamKitError)?.serverPrefix)
    }

    /// Sends the newest credentials (AUTH), if this connection does not have them yet.
    ///
    /// - Throws: the server's refusal; the connection then keeps its old user.
    func authenticate(_ credentials: Credentials, _ generation: UInt64) async throws {
        guard isConnected, credentialGeneration.load(ordering: .relaxed) < generation,
            let arguments = credentials.authentication
        else { return }
        let reply = try await send(timeout: commandTimeout) { $0.command(arguments) }.single()
        guard reply.kind != .error else {
            throw StreamKitError.server(ServerError(message: reply.text ?? "", command: "AUTH", address: address))
        }
        credentialGeneration.store(generation, ordering: .relaxed)
    }
}
