import FaultKit
import Foundation
import TestSupport
import Testing

@testable import AgentKit

@Suite("The limits of a turn", .timeLimit(.minutes(2)))
struct ModelLimitsTests {
    @Test func `a model that says nothing is given up when its first token is due`() async throws {
        // Neither a ping nor a chunk without content is a token.
        let nothing = Array(": ping\n\n".utf8) + Chat.stream([Chat.text("")])
        let steps: [[ReplayServer.Step]] = [[], .stream(nothing, isWhole: false)]
        for answer in steps {
            let error = try await error(after: .seconds(120)) { _, _ in answer + [.waitForClient] }
            #expect(error?.description.hasPrefix("The model did not send a first token within 120.0 seconds.") == true)
            #expect(error?.description.contains("/v1/chat/completions") == true)
        }
    }

    @Test func `a model that stops talking is given up when its next token is due`() async throws {
        let error = try await error(after: .seconds(30), heard: "Hi") { _, _ in
            .stream(Chat.stream([Chat.text("Hi")]), isWhole: false) + [.waitForClient]
        }
        #expect(error?.description.hasPrefix("The model did not send another token within 30.0 seconds.") == true)
        #expect(error?.mayPass == true)
    }

    @Test func `a turn ends when its time is over, however lively the model is`() async throws {
        var limits = ModelLimits()
        limits.turn = .seconds(20)
        let error = try await error(after: .seconds(20), heard: "Hi", limits: limits) { _, _ in
            .stream(Chat.stream([Chat.text("Hi")]), isWhole: false) + [.waitForClient]
        }
        #expect(error?.description.hasPrefix("The model did not finish its turn within 20.0 seconds.") == true)
    }

    @Test func `a pause that the turn has no time for is not made`() async throws {
        var limits = ModelLimits()
        limits.turn = .seconds(5)
        try await withReplayServer { _, _ in
            .answer("429 Too Many Requests", headers: ["retry-after": "5"], body: "")
        } _: { server in
            let turn = try await server.turn(limits: limits, clock: ManualClock())
            #expect(turn.error?.status == 429 && server.requests.count == 1)
        }
    }

    @Test func `pauses double, within a quarter of chance, up to the longest`() {
        let limits = ModelLimits()
        let error = ModelError("", mayPass: true)
        let pauses = (0..<12).map { limits.pause(after: error, failures: $0, chance: 1) }
        #expect(pauses.prefix(4) == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4)])
        #expect(pauses.last == .seconds(60))
        for _ in 0..<50 {
            let pause = limits.pause(after: error, failures: 0) ?? .zero
            #expect((.milliseconds(375)...(.milliseconds(625))).contains(pause))
        }
    }

    @Test(arguments: [
        (["retry-after": "2"], Duration.seconds(2)), (["retry-after": " 1.5 "], .milliseconds(1500)),
        (["retry-after-ms": "250", "retry-after": "9"], .milliseconds(250)),
        (["retry-after": "Sun, 06 Nov 1994 08:49:47 GMT"], .seconds(10)),
        (["retry-after": "Sun, 06 Nov 1994 08:49:00 GMT"], .zero), (["retry-after": "1e30"], .seconds(1_000_000_000)),
    ])
    func `a pause is read from either header, in seconds or as a date`(
        headers: [String: String], expected: Duration
    ) {
        let now = Date(timeIntervalSince1970: 784_111_777)  // 08:49:37
        #expect(RetryAfter.pause(now: now) { headers[$0] } == expected)
    }

    @Test(arguments: ["", "soon", "-1", "nan", "inf", "Sun, 99 Nov 1994"])
    func `a pause that makes no sense is none`(value: String) {
        #expect(RetryAfter.pause { $0 == "retry-after" ? value : nil } == nil)
    }

    /// The error of a turn whose time passes while its model is silent; a moment less does nothing.
    private func error(
        after time: Duration, heard expected: String = "", limits: ModelLimits = .init(),
        _ script: @escaping @Sendable (ReplayServer.Request, Int) -> [ReplayServer.Step]
    ) async throws -> ModelError? {
        let clock = ManualClock()
        var limits = limits
        limits.retries = 0
        return try await withReplayServer(script) { server in
            let model = try server.model(limits: limits, clock: clock)
            let turn = Heard()
            let listening = Task { try await turn.listen(to: model) }
            try await eventually("the model fell silent") {
                let text = await turn.text
                return server.requests.count == 1 && text == expected && !clock.sleeps.isEmpty
            }
            // In steps as small as the shortest sleep, because the watchdog sleeps again in between.
            let moment = Duration.milliseconds(1)
            var left = time - moment
            while left > .zero {
                let step = min(left, clock.sleeps.min() ?? .zero)
                clock.advance(by: step)
                left -= step
                try await eventually("the watchdog sleeps again") { !clock.sleeps.isEmpty }
            }
            #expect(await turn.error == nil)
            clock.advance(by: moment)
            try await listening.value
            try await eventually("the connection is closed") { server.clientsThatLeft == 1 }
            return await turn.error
        }
    }
}

/// What was heard of a turn so far.
private actor Heard {
    var text = ""
    var error: ModelError?

    func listen(to model: RemoteModel) async throws {
        do {
            for try await delta in model.respond(to: [.user("Hi")], tools: []) {
                if case .text(let chunk) = delta { text += chunk }
            }
        } catch let error as ModelError {
            self.error = error
        }
    }
}
