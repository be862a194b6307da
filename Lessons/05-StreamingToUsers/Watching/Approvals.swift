// The agent asks for a person's word: a question in the terminal, or the command that answers it from elsewhere.
// Run:    ./lesson 5 ask "Plan a 1-day trip to Rome and book a hotel"
// Expect: a question before the hotel is booked; the run goes on after the answer, in whatever worker is free.

import AgentKit
import AgentRuns
import AsyncHTTPClient
import Foundation
import LessonKit
import NIOCore
import NIOHTTP1

/// The questions that wait for an answer, oldest first. Meanwhile the viewer goes on showing what happens.
actor Approvals {
    private struct Question: Hashable {
        let run: Int
        let call: String
        let correlationID: String
        let tool: String
    }

    private let source: any RunSource
    private let screen: Screen
    private var open: [Question] = []
    private var isReading = false
    /// The question that was put last, and when it first was.
    private var asked: (question: Question, first: ContinuousClock.Instant)?
    private let (lines, line) = AsyncStream<(text: String, typed: ContinuousClock.Instant)>.makeStream()

    init(_ source: any RunSource, _ screen: Screen) { (self.source, self.screen) = (source, screen) }

    /// Puts a question that nobody has answered yet.
    func ask(_ event: SeenEvent) async {
        guard let call = event.call, let correlationID = event.details?["run"]?.string else { return }
        let tool = event.details?["tool"]?.string ?? call
        let question = Question(run: event.run, call: call, correlationID: correlationID, tool: tool)
        guard !open.contains(question) else { return }
        guard isatty(STDIN_FILENO) == 1 else {
            return await screen.note(source.waysToDecide(call: call, run: correlationID))
        }
        open.append(question)
        readLines()
        if open.count == 1 { await put() }
    }

    /// Somebody has answered, here or elsewhere, or the run is over and nobody needs to.
    func settle(_ event: SeenEvent) async {
        let first = open.first
        open.removeAll { $0.run == event.run && (event.kind.isTerminal || $0.call == event.call) }
        if let next = open.first, next != first { await put() }
    }

    /// Passes on what is typed, for as long as this task lives.
    func passOnAnswers() async {
        for await line in lines { await answer(line.text, typed: line.typed) }
    }

    private func put() async {
        guard let question = open.first else { return }
        if asked?.question != question { asked = (question, .now) }
        await screen.note("\(question.tool): approve? y or n, then Enter")
    }

    private func answer(_ line: String, typed: ContinuousClock.Instant) async {
        // What was typed before the question came was meant for another one.
        guard let question = open.first, let asked, typed > asked.first else { return }
        let word = line.trimmingCharacters(in: .whitespaces).lowercased()
        guard ["y", "yes", "n", "no"].contains(word) else { return await put() }
        do {
            try await source.decide(
                word.hasPrefix("y") ? .approved : .rejected, call: question.call, run: question.correlationID)
            let wasFirst = open.first == question
            open.removeAll { $0 == question }
            if wasFirst { await put() }
        } catch {
            await screen.note("\(error)")
        }
    }

    /// Reads lines on a thread of its own, so that nothing waits for it, Ctrl-C included.
    private func readLines() {
        guard !isReading else { return }
        isReading = true
        Thread.detachNewThread { [line] in
            while let text = readLine() { line.yield((text, .now)) }
        }
    }
}

extension AgentClient {
    /// Posts a person's decision about a call of a tool.
    func decide(_ decision: String, call: String, run: String) async throws {
        let path = "/api/runs/\(Self.segment(run))/approvals/\(Self.segment(call))"
        var request = HTTPClientRequest(url: server + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: JSONValue.object(["decision": .string(decision)]).text))
        let response = try await send(request)
        guard response.status == .accepted else { throw await Refusal(response, of: server) }
    }
}
