import FaultKit
import Foundation
import Synchronization

@testable import AzureKit

/// A provider whose answers a test decides.
final class FakeProvider: TokenProvider {
    private let answer: @Sendable (_ call: Int) async throws -> AccessToken
    private let state = Mutex<[String]>([])

    init(_ answer: @escaping @Sendable (_ call: Int) async throws -> AccessToken) {
        self.answer = answer
    }

    /// The resources that were asked for.
    var calls: [String] { state.withLock { $0 } }

    func token(for resource: String) async throws -> AccessToken {
        let call = state.withLock { calls in
            calls.append(resource)
            return calls.count
        }
        return try await answer(call)
    }
}

/// A gate that holds tasks back until a test opens it.
final class Gate: Sendable {
    private let (stream, continuation) = AsyncStream.makeStream(of: Void.self)

    /// Waits until the gate is open.
    func pass() async { for await _ in stream {} }

    func open() { continuation.finish() }
}

/// Something that has happened or not.
final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

extension ManualClock {
    /// The clock as tokens see it; it begins at the Unix epoch.
    var tokens: TokenClock {
        TokenClock(
            now: { Date(timeIntervalSince1970: self.elapsed / .seconds(1)) },
            sleep: { try await self.sleep(until: self.now.advanced(by: $0)) })
    }

    /// A token that lives this long from now.
    func token(_ value: String, livesFor life: Duration) -> AccessToken {
        AccessToken(value: value, expires: tokens.now() + life / .seconds(1))
    }
}
