import Synchronization

// Credentials from a provider: they are fetched before a connection opens, and replaced while it is open.
extension Session {
    /// Opens a connection with the newest credentials; if the server refuses them, they are fetched again.
    ///
    /// They may have been replaced a moment ago, so it tries for as long as an attempt to connect may take.
    func openConnection(
        from store: CredentialStore, _ done: @escaping @Sendable (Result<Link, Connector.Failure>) -> Void
    ) {
        // Unstructured: the attempt belongs to all commands that wait for it.
        Task {
            let limit = configuration.connectTimeout
            var budget = RetryBudget(RetryPolicy(limit: limit), since: .now)
            while true {
                let (result, generation) = await open(from: store)
                guard case .failure(let failure) = result, Self.concernsCredentials(failure.error),
                    let pause = budget.pause(after: failure.error), (try? await Task.sleep(for: pause)) != nil
                else {
                    if case .success = result { credentialGeneration.store(generation, ordering: .relaxed) }
                    return done(result)
                }
                store.refused(generation)
            }
        }
    }

    private func open(from store: CredentialStore) async -> (Result<Link, Connector.Failure>, UInt64) {
        do {
            let (credentials, generation) = try await store.current()
            var configuration = configuration
            configuration.credentials = credentials
            let result = await withCheckedContinuation { continuation in
                openConnection(configuration) { continuation.resume(returning: $0) }
            }
            return (result, generation)
        } catch {
            let reason = "No credentials for Redis at \(configuration): \(error)"
            return (.failure(Connector.failure(reason, transient: true)), 0)
        }
    }

    private static func concernsCredentials(_ error: StreamKitError) -> Bool {
        ["WRONGPASS", "NOAUTH"].contains(error.serverPrefix)
    }

    /// Sends the newest credentials (AUTH), if this connection does not have them yet.
    ///
    /// - Throws: the server's refusal; the connection then keeps its old user.
    func authenticate(_ credentials: Credentials, _ generation: UInt64) async throws {
        guard isConnected, credentialGeneration.load(ordering: .relaxed) < generation,
            let arguments = credentials.authentication
        else { return }
        let reply = try await send(timeout: commandTimeout) { buffer in
            buffer.beginCommand(arguments: arguments.count)
            for argument in arguments { buffer.argument(argument) }
        }.single()
        guard reply.kind != .error else {
            throw StreamKitError.server(ServerError(message: reply.text ?? "", command: "AUTH", address: address))
        }
        credentialGeneration.store(generation, ordering: .relaxed)
    }
}
