// The agent asks for a person's word: a question in the terminal, or the command that answers it from elsewhere.
// Run:    ./lesson 5 ask "Plan a 1-day trip to Rome and book a hotel"
// Expect: a question before the hotel is booked; the run goes on after the answer, in whatever worker is free.

import AgentKit
import AsyncHTTPClient
import Foundation
import LessonKit
import NIOCore
import NIOHTTP1

extension Viewer {
    /// Asks who sits at the terminal; where nobody does, says how to answer.
    func askForApproval(_ data: String) async {
        guard let details = try? JSONValue(parsing: data), let run = details["run"]?.string,
            let call = details["call"]?.string
        else { return }
        guard isatty(STDIN_FILENO) == 1 else {
            let body = #"{"decision":"approve"}"#
            return note(
                "[to decide: curl -X POST -H 'Content-Type: application/json' -d '\(body)' "
                    + "\(server)/api/runs/\(run)/approvals/\(call)]")
        }
        note("[approve? y or n]")
        guard let answer = await Self.nextLine() else { return }
        let decision = answer.lowercased().hasPrefix("y") ? "approve" : "reject"
        do {
            try await AgentClient(server: server).decide(decision, call: call, run: run)
        } catch {
            note("[\(error)]")
        }
    }

    /// Reads a line on a thread of its own, so that Ctrl-C is not kept waiting for it.
    private static func nextLine() async -> String? {
        let (lines, line) = AsyncStream<String>.makeStream()
        Thread.detachNewThread {
            if let text = readLine() { line.yield(text) }
            line.finish()
        }
        return await lines.first { _ in true }
    }
}

extension AgentClient {
    /// Posts a person's decision about a call of a tool.
    func decide(_ decision: String, call: String, run: String) async throws {
        var request = HTTPClientRequest(url: "\(server)/api/runs/\(run)/approvals/\(call)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: JSONValue.object(["decision": .string(decision)]).text))
        let response = try await send(request)
        guard response.status == .accepted else { throw await Refusal(response, of: server) }
    }
}
