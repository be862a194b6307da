import Foundation

/// One token, and when to ask for another.
struct TokenCache {
    /// What a caller should do.
    enum Decision: Equatable {
        case use(AccessToken)
        case renew
    }

    private var token: AccessToken?
    private var renewal = Date.distantPast
    private var nextTry = Date.distantPast
    private var failures = 0

    /// What a caller should do now.
    func decision(at now: Date) -> Decision {
        guard let token = validToken(at: now) else { return .renew }
        return now >= renewal && now >= nextTry ? .renew : .use(token)
    }

    /// The token, if services still accept it.
    func validToken(at now: Date) -> AccessToken? {
        guard let token, token.expires.timeIntervalSince(now) > Self.margin else { return nil }
        return token
    }

    /// Keeps a token.
    ///
    /// It is renewed when between 60 and 70 % of its life are over: early enough to outlive a failure of the endpoint,
    /// at least three minutes before its end if it lives for ten or more, and not in the same second as all others.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - now: The time.
    ///   - chance: From 0 to 1.
    mutating func keep(_ token: AccessToken, at now: Date, chance: Double) {
        self.token = token
        failures = 0
        renewal = now + max(0, token.expires.timeIntervalSince(now)) * (0.6 + 0.1 * chance)
    }

    /// Notes that a renewal failed; the next one waits a little longer each time.
    mutating func failed(at now: Date) {
        nextTry = now + min(30, Double(1 << min(failures, 5)))
        failures += 1
    }

    /// Forgets a token that was refused, unless another one has taken its place.
    mutating func discard(_ refused: AccessToken) {
        if token == refused { token = nil }
    }

    /// A token in its last seconds could expire on the way.
    static let margin: TimeInterval = 2
}
