import Logging
import Synchronization

/// The credentials of one client that come from a provider: fetched once for all connections, and again in time.
///
/// A connection asks for ``current()`` when it is opened. Open connections learn of new credentials before the old
/// ones expire: the shared connection at once, by ``whenRenewed(_:)``; the blocking ones before each command, by
/// `BlockingSessions.renewCredentials`.
final class CredentialStore: Sendable {
    typealias Newest = (credentials: Credentials, generation: UInt64)

    private struct State {
        /// What gets the newest credentials, or has got them.
        var fetch: Task<Newest, any Error>?
        /// Counts the credentials; 0 before the first ones.
        var generation: UInt64 = 0
        var renewal: Task<Void, any Error>?
        var isStopped = false
        /// Who is told of the newest credentials.
        var tell: (@Sendable (Credentials, _ generation: UInt64) async throws -> Void)?
    }

    private let state = Mutex(State())
    private let provider: Credentials.Provider
    private let logger: Logger

    init(_ provider: @escaping Credentials.Provider, logger: Logger) {
        self.provider = provider
        self.logger = logger
    }

    /// Says who is told of credentials as they are fetched, until ``stop()``.
    func whenRenewed(_ tell: @escaping @Sendable (Credentials, _ generation: UInt64) async throws -> Void) {
        state.withLock { $0.tell = tell }
    }

    /// The newest credentials, and which they are; fetched by the first to ask, for all who ask meanwhile.
    func current() async throws -> Newest {
        let fetch = state.withLock { state in
            // Unstructured, because several connections wait for it and none of them owns it.
            let fetch = state.fetch ?? Task { try await self.fetch() }
            state.fetch = fetch
            return fetch
        }
        do {
            return try await fetch.value
        } catch {
            state.withLock { if $0.fetch == fetch { $0.fetch = nil } }
            throw error
        }
    }

    /// Forgets credentials that the server refused, unless newer ones are there already.
    func refused(_ generation: UInt64) {
        state.withLock { if $0.generation == generation { $0.fetch = nil } }
    }

    /// Stops fetching credentials, and forgets whom to tell.
    func stop() {
        let tasks = state.withLock { state in
            state.isStopped = true
            defer { (state.fetch, state.renewal, state.tell) = (nil, nil, nil) }
            return (state.fetch, state.renewal)
        }
        tasks.0?.cancel()
        tasks.1?.cancel()
    }

    /// Asks the provider, and sees to it that what it gives is renewed.
    private func fetch() async throws -> Newest {
        let newest = try await ask()
        state.withLock { state in
            state.renewal?.cancel()
            // Unstructured: it belongs to no command, and ends when the client is closed.
            state.renewal = state.isStopped ? nil : Task { try await keepNew(newest) }
        }
        return newest
    }

    private func ask() async throws -> Newest {
        let credentials = try await provider()
        // A provider may ignore that it was cancelled; others are the newest ones by then.
        try Task.checkCancellation()
        return state.withLock { state in
            state.generation += 1
            let newest: Newest = (credentials, state.generation)
            state.fetch = Task { newest }
            return newest
        }
    }

    /// Tells of credentials, and renews them before they run out, until its task is cancelled.
    private func keepNew(_ newest: Newest) async throws {
        var newest = newest
        let policy = RetryPolicy(
            limit: nil, backoff: RetryBackoff(initial: .milliseconds(200), maximum: .seconds(5)))
        while true {
            let due = newest.credentials.lifetime.map { ContinuousClock.now + Self.pause(for: $0) }
            // Beside the pause, because a server that does not answer must not delay the next renewal.
            let given = newest
            async let told: Void = tell(given)
            guard let due else { return await told }
            try await Task.sleep(until: due, clock: .continuous)
            newest = try await policy.run(
                if: { _ in !Task.isCancelled },
                onRetry: { error, pause in
                    logger.warning(
                        "cannot renew the credentials for Redis yet",
                        metadata: ["reason": "\(error)", "pause": "\(pause)"])
                }, { _ in try await ask() })
        }
    }

    /// A connection that does not take them opens again sooner or later, and asks for the newest then.
    private func tell(_ newest: Newest) async {
        do {
            try await state.withLock { $0.tell }?(newest.credentials, newest.generation)
        } catch is CancellationError {
            // The client was closed, or newer ones are there.
        } catch {
            logger.warning(
                "the open connection did not take the new credentials for Redis", metadata: ["reason": "\(error)"])
        }
    }

    /// Between 70 and 85 percent of the lifetime, so that clients started together do not renew together.
    private static func pause(for lifetime: Duration) -> Duration {
        max(lifetime, .milliseconds(10)) * .random(in: 0.7...0.85)
    }
}
