import Synchronization

// Where credentials come from a provider: they are fetched before a connection is opened, and replaced while it lives.
extension Session {
    /// Opens a connection with the newest credentials; the ones that the server refuses are fetched again.
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

    /// Tells the server who we are from now on (AUTH), if that is new to this connection.
    ///
    /// - Throws: the server's refusal; the connection then goes on as who it was.
    func authenticate(_ credentials: Credentials, _ generation: UInt64) async throws {
        guard isConnected, credentialGeneration.load(ordering: .relaxed) < generation,
            let words = credentials.authentication
        else { return }
        let reply = try await send(timeout: commandTimeout) { buffer in
            buffer.beginCommand(words: words.count)
            for word in words { buffer.word(word) }
        }.single()
        guard reply.kind != .error else {
            throw StreamKitError.server(ServerError(message: reply.text ?? "", command: "AUTH", address: address))
        }
        credentialGeneration.store(generation, ordering: .relaxed)
    }
}
