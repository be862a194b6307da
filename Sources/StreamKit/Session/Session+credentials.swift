import Synchronization

// Credentials from a provider: they are fetched before a connection opens, and replaced while it is open.
extension Session {
    /// Opens a connection with the newest credentials; if the server refuses them, they are fetched again.
    ///
    /// They may have been replaced a moment ago, so it tries for half the time that an attempt to connect may take.
    func openConnection(
        from store: CredentialStore, _ done: @escaping @Sendable (Result<Link, StreamKitError>) -> Void
    ) {
        // Unstructured: the attempt belongs to all commands that wait for it.
        Task {
            let policy = RetryPolicy(limit: configuration.timeouts.connect / 2)
            do {
                done(.success(try await policy.run(if: Self.isRefusal) { _ in try await open(from: store) }))
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
        case .failure(let error): if Self.isRefusal(error) { store.refused(generation) }
        }
        return try result.get()
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        ["WRONGPASS", "NOAUTH"].contains((error as? StreamKitError)?.serverPrefix)
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
