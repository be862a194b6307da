import Logging
import Synchronization

/// The credentials of one client that come from a provider: fetched once for all connections, and again in time.
///
/// A connection asks for ``current()`` when it is opened. Open connections learn of new credentials before the old
/// ones expire: the shared connection at once, by ``whenRenewed(_:)``; the blocking ones before each command, by
/// `BlockingSessions.renewCredentials`.
final class CredentialStore: Sendable {
    private struct State {
        /// What gets the newest credentials, or has got them.
        var fetch: Task<(Credentials, UInt64), any Error>?
        /// Counts the credentials; 0 before the first ones.
        var generation: UInt64 = 0
        var renewal: Task<Void, Never>?
        var isStopped = false
        /// Who is told of credentials that replace others.
        var tell: (@Sendable (Credentials, _ generation: UInt64) async throws -> Void)?
    }

    private let state = Mutex(State())
    private let provider: Credentials.Provider
    private let logger: Logger

    init(_ provider: @escaping Credentials.Provider, logger: Logger) {
        self.provider = provider
        self.logger = logger
    }

    /// Says who is told of credentials that replace others, until ``stop()``.
    func whenRenewed(_ tell: @escaping @Sendable (Credentials, _ generation: UInt64) async throws -> Void) {
        state.withLock { $0.tell = tell }
    }

    /// Which credentials are the newest.
    var generation: UInt64 { state.withLock { $0.generation } }

    /// The newest credentials, and which they are; fetched by the first to ask, for all who ask meanwhile.
    func current() async throws -> (credentials: Credentials, generation: UInt64) {
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

    /// Asks the provider, and plans when to ask again.
    private func fetch() async throws -> (Credentials, UInt64) {
        let credentials = try await provider()
        return state.withLock { state in
            state.generation += 1
            let newest = (credentials, state.generation)
            state.fetch = Task { newest }
            state.renewal?.cancel()
            state.renewal = nil
            if let lifetime = credentials.lifetime, !state.isStopped {
                // Unstructured: it belongs to no command, and ends when the client is closed.
                state.renewal = Task { await renew(after: Self.pause(for: lifetime)) }
            }
            return newest
        }
    }

    /// Between 70 and 85 percent of the lifetime, so that clients started together do not renew together.
    static func pause(for lifetime: Duration, jitter: Double = .random(in: 0...1)) -> Duration {
        max(lifetime, .milliseconds(10)) * (0.7 + 0.15 * jitter)
    }

    private func renew(after pause: Duration) async {
        do {
            try await Task.sleep(for: pause)
            state.withLock { $0.renewal = nil }
            let (credentials, generation) = try await fetch()
            try await state.withLock { $0.tell }?(credentials, generation)
        } catch {
            guard !state.withLock({ $0.isStopped || $0.renewal != nil }), !Task.isCancelled else { return }
            logger.warning("cannot renew the credentials for Redis yet", metadata: ["reason": "\(error)"])
            let retry = RetryBackoff(initial: .milliseconds(200), maximum: .seconds(5)).delay(afterFailures: 1)
            state.withLock { $0.renewal = Task { await renew(after: retry) } }
        }
    }
}
