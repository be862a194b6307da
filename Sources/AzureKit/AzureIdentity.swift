public import Foundation
import Synchronization

/// The identity of this process on Azure, or of the person at the keyboard, as a source of tokens.
///
/// It keeps a token per scope and renews it early. However many callers wait, only one request is under way. While the
/// endpoint fails, the old token stays in use; if there is none, the endpoint is asked again for 75 seconds.
public final class AzureIdentity: TokenSource {
    private struct Scope {
        var cache = TokenCache()
        var waiting: [AsyncStream<Result<AccessToken, any Error>>.Continuation] = []
        var isRenewing = false
    }

    private let provider: any TokenProvider
    private let clock: TokenClock
    private let scopes = Mutex<[String: Scope]>([:])

    /// How long to go on asking if there is no token at all: a managed identity can be unavailable for 70 seconds.
    private static let giveUpAfter: TimeInterval = 75

    package init(_ provider: any TokenProvider, clock: TokenClock = .system) {
        self.provider = provider
        self.clock = clock
    }

    /// The identity that the environment names.
    ///
    /// With `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` it is the managed identity of a Container App or a Function,
    /// without them that of a virtual machine, or the one that `az login` left. `AZURE_CLIENT_ID` chooses among several
    /// managed identities, and has to be set for a user-assigned one.
    /// - Throws: ``AzureIdentityError`` if an address is not a URL.
    public convenience init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        self.init(try LocalIdentity.provider(environment))
    }

    /// A token that is valid now.
    ///
    /// - Throws: ``AzureIdentityError`` if there is none to be had, `CancellationError` if cancelled.
    public func token(for scope: String) async throws -> AccessToken {
        let (results, waiter) = AsyncStream.makeStream(of: Result<AccessToken, any Error>.self)
        scopes.withLock { scopes in
            let now = clock.now()
            if case .use(let token) = scopes[scope, default: .init()].cache.decision(at: now) {
                waiter.yield(.success(token))
                return
            }
            scopes[scope, default: .init()].waiting.append(waiter)
            if scopes[scope]?.isRenewing == true { return }
            scopes[scope]?.isRenewing = true
            // Unstructured: it serves every caller, and goes on when the one that began it is cancelled.
            Task { await self.renew(scope) }
        }
        for await result in results { return try result.get() }
        throw CancellationError()
    }

    /// Forgets a token that a service refused.
    public func discard(_ token: AccessToken, for scope: String) {
        scopes.withLock { $0[scope]?.cache.discard(token) }
    }

    /// How many callers wait for a token.
    func waiting(for scope: String) -> Int { scopes.withLock { $0[scope]?.waiting.count ?? 0 } }

    private func renew(_ scope: String) async {
        let giveUp = clock.now() + Self.giveUpAfter
        var pause = Duration.milliseconds(500)
        while true {
            do {
                let token = try await provider.token(for: scope.withoutDefault)
                guard token.expires > clock.now() else { throw Self.expired(token) }
                return finish(scope) { cache, now in
                    cache.keep(token, at: now, chance: .random(in: 0...1))
                    return .success(token)
                }
            } catch {
                let hasToken = scopes.withLock { $0[scope]?.cache.validToken(at: clock.now()) } != nil
                let mayPass = (error as? AzureIdentityError)?.mayPass ?? false
                guard mayPass, !hasToken, clock.now() < giveUp else { return fail(scope, error) }
                try? await clock.sleep(pause)
                pause = min(pause * 2, .seconds(10))
            }
        }
    }

    private static func expired(_ token: AccessToken) -> AzureIdentityError {
        .unavailable(
            "The source of tokens gave one that expired at \(token.expires.formatted(.iso8601)). Is this machine's "
                + "clock right?")
    }

    private func fail(_ scope: String, _ error: any Error) {
        finish(scope) { cache, now in
            cache.failed(at: now)
            return cache.validToken(at: now).map { .success($0) } ?? .failure(error)
        }
    }

    /// Ends a renewal: changes the cache, and tells everybody who waits.
    private func finish(_ scope: String, _ change: (inout TokenCache, Date) -> Result<AccessToken, any Error>) {
        scopes.withLock { scopes in
            guard var entry = scopes[scope] else { return }
            let result = change(&entry.cache, clock.now())
            for waiter in entry.waiting { waiter.yield(result) }
            (entry.waiting, entry.isRenewing) = ([], false)
            scopes[scope] = entry
        }
    }
}

extension String {
    /// The resource of a scope: endpoints of managed identities know no scopes.
    fileprivate var withoutDefault: String { hasSuffix("/.default") ? String(dropLast(9)) : self }
}
