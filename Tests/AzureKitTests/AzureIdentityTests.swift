import FaultKit
import Foundation
import TestSupport
import Testing

@testable import AzureKit

@Suite("A source of tokens", .timeLimit(.minutes(2)))
struct AzureIdentityTests {
    private let clock = ManualClock()
    private static let scope = "https://redis.azure.com/.default"

    @Test func `a token is asked for once per scope, by its resource, and kept`() async throws {
        let (provider, source) = source { self.clock.token("t\($0)", livesFor: .seconds(3600)) }

        #expect(try await source.token(for: Self.scope).value == "t1")
        #expect(try await source.token(for: Self.scope).value == "t1")
        #expect(try await source.token(for: "api://other").value == "t2")
        #expect(provider.calls == ["https://redis.azure.com", "api://other"])
    }

    @Test func `many callers share one request`() async throws {
        let gate = Gate()
        let (provider, source) = source { call in
            await gate.pass()
            return self.clock.token("t\(call)", livesFor: .seconds(3600))
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await source.token(for: Self.scope).value } }
            try await eventually("all of them wait") { source.waiting(for: Self.scope) == 100 }
            gate.open()
            for try await value in group { #expect(value == "t1") }
        }
        #expect(provider.calls.count == 1)
    }

    @Test func `a caller that gives up is not kept waiting, and takes nobody along`() async throws {
        let gate = Gate()
        let (_, source) = source { _ in
            await gate.pass()
            return self.clock.token("t", livesFor: .seconds(3600))
        }
        let first = Task { try await source.token(for: Self.scope) }
        try await eventually("the first waits") { source.waiting(for: Self.scope) == 1 }
        let second = Task { try await source.token(for: Self.scope) }
        try await eventually("the second waits") { source.waiting(for: Self.scope) == 2 }

        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        gate.open()
        #expect(try await second.value.value == "t")
    }

    @Test(arguments: [20, 600, 3600, 86_400])
    func `a token is renewed early, so that it has at least three minutes left if it lives for ten`(
        life: Int
    ) async throws {
        let (provider, source) = source { self.clock.token("t\($0)", livesFor: .seconds(life)) }
        _ = try await source.token(for: Self.scope)

        clock.advance(by: .seconds(life) * 0.599)
        #expect(try await source.token(for: Self.scope).value == "t1")
        clock.advance(by: .seconds(life) * 0.101)
        #expect(try await source.token(for: Self.scope).value == "t2")
        #expect(provider.calls.count == 2)
        if life >= 600 { #expect(Double(life) * 0.3 >= 180) }
    }

    @Test func `the moment of renewal differs from process to process`() {
        func renewal(chance: Double) -> Int? {
            var cache = TokenCache()
            cache.keep(clock.token("t", livesFor: .seconds(1000)), at: clock.tokens.now(), chance: chance)
            return (0...1000).first { cache.decision(at: clock.tokens.now() + Double($0)) == .renew }
        }
        #expect([0, 0.5, 1].map(renewal) == [600, 650, 700])
    }

    @Test func `a token that has expired already is not given, and another one is asked for`() async throws {
        let (provider, source) = source { self.clock.token("t\($0)", livesFor: .seconds($0 < 3 ? -5 : 3600)) }
        let asking = Task { try await source.token(for: Self.scope).value }
        while provider.calls.count < 3 {
            try await eventually("it pauses") { !clock.sleeps.isEmpty || provider.calls.count == 3 }
            clock.advance(by: .seconds(10))
        }
        #expect(try await asking.value == "t3")
    }

    @Test func `while the endpoint fails, the old token serves, and the endpoint is asked ever more seldom`()
        async throws
    {
        let (provider, source) = source { call in
            guard (2..<8).contains(call) else { return self.clock.token("t\(call)", livesFor: .seconds(300)) }
            throw AzureIdentityError.unavailable("away")
        }
        _ = try await source.token(for: Self.scope)
        clock.advance(by: .seconds(211))

        // One failing minute, with a caller in each second.
        for _ in 0..<60 {
            #expect(try await source.token(for: Self.scope).value == "t1")
            clock.advance(by: .seconds(1))
        }
        #expect((4...8).contains(provider.calls.count))
        clock.advance(by: .seconds(20))
        #expect(try await source.token(for: Self.scope).value != "t1" || provider.calls.count < 9)
    }

    @Test func `without a token, the endpoint is asked again until it answers`() async throws {
        let (provider, source) = source { call in
            guard call < 8 else { return self.clock.token("late", livesFor: .seconds(300)) }
            throw AzureIdentityError.unavailable("away")
        }
        let waiting = Task { try await source.token(for: Self.scope) }
        try await passTime(until: { provider.calls.count == 8 })
        #expect(try await waiting.value.value == "late")
        #expect(clock.elapsed < .seconds(75))
    }

    @Test func `an endpoint that stays away for 75 seconds is an error, and is asked again by the next caller`()
        async throws
    {
        let (provider, source) = source { _ in throw AzureIdentityError.unavailable("away") }
        for _ in 0..<2 {
            let end = Flag()
            let waiting = Task {
                defer { end.set() }
                return try await source.token(for: Self.scope)
            }
            try await passTime(until: { end.isSet })
            await #expect(throws: AzureIdentityError.unavailable("away")) { try await waiting.value }
        }
        #expect((.seconds(150)...(.seconds(180))).contains(clock.elapsed))
        #expect(provider.calls.count > 10)
    }

    @Test func `a refusal is an error at once`() async throws {
        let (provider, source) = source { _ in throw AzureIdentityError.refused("no such identity") }
        await #expect(throws: AzureIdentityError.refused("no such identity")) {
            try await source.token(for: Self.scope)
        }
        #expect(provider.calls.count == 1)
    }

    @Test func `a token that has expired, or that a service refused, is not given again`() async throws {
        let (_, source) = source { self.clock.token("t\($0)", livesFor: .seconds(300)) }
        let first = try await source.token(for: Self.scope)
        source.discard(first, for: Self.scope)
        let second = try await source.token(for: Self.scope)
        #expect(second.value == "t2")
        // Somebody who is late must not take the new token away.
        source.discard(first, for: Self.scope)
        #expect(try await source.token(for: Self.scope).value == "t2")
        clock.advance(by: .seconds(299))
        #expect(try await source.token(for: Self.scope).value == "t3")
    }

    private func source(
        _ answer: @escaping @Sendable (_ call: Int) async throws -> AccessToken
    ) -> (FakeProvider, AzureIdentity) {
        let provider = FakeProvider(answer)
        return (provider, AzureIdentity(provider, clock: clock.tokens))
    }

    /// Moves the clock from sleep to sleep.
    private func passTime(until isDone: @escaping () -> Bool) async throws {
        try await eventually("it is done") {
            if let next = clock.sleeps.min() { clock.advance(by: next) }
            return isDone()
        }
    }
}
