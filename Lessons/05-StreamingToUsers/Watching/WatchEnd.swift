// How watching can end, and what another program learns of it from the exit code.
// Run:    ./lesson 5 watch no-such-conversation; echo $?
// Expect: one line that says what is wrong, and 4.

import AgentRuns
import ArgumentParser
import Foundation
import LessonKit
import NIOCore
import NIOHTTP1
import ServerSentEvents
import StreamKit

/// An end that is not the good one.
enum WatchEnd: Error {
    case failed(String)
    case cancelled(String)
    /// No such conversation, or no longer.
    case gone(String)
    /// The server, or Redis, does not answer.
    case unreachable(String)

    var message: String {
        switch self {
        case .failed(let text), .cancelled(let text), .gone(let text), .unreachable(let text): text
        }
    }

    var code: ExitCode {
        switch self {
        case .failed: ExitCode(2)
        case .cancelled: ExitCode(3)
        case .gone: ExitCode(4)
        case .unreachable: ExitCode(5)
        }
    }

    static let help = """
        The exit code tells how the newest run ended: 0 done, 2 failed, 3 cancelled; 4 there is no such conversation, or \
        it expired; 5 nothing answers, or it did not come back; 64 a command line that makes no sense; 1 anything else; \
        130 after Ctrl-C.
        """

    /// Runs a command that watches; its error becomes one line and an exit code.
    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await cancellingOnInterrupt(body)
        } catch let error as StreamKitError where error.isTransient {
            note("Error: \(error)")
            throw WatchEnd.unreachable("").code
        } catch let end as WatchEnd {
            note("Error: \(end.message)")
            throw end.code
        }
    }
}

extension RunStatus {
    /// How a run stands after its last event.
    init(end kind: RunEvent.Kind) {
        self = kind == .taskCompleted ? .completed : kind == .taskCancelled ? .cancelled : .failed
    }
}

extension Viewer {
    /// Why another connection may go on with a stream that broke off.
    ///
    /// - Throws: The error itself, or one in words, where another try would end the same way.
    func reasonToTryAgain(_ error: any Error, _ place: Place) throws -> String {
        try Task.checkCancellation()
        switch error {
        case is WatchEnd, is LessonProblem: throw error
        case let refusal as Refusal where refusal.status == 404: throw WatchEnd.gone(refusal.description)
        case let refusal as Refusal where !refusal.mayPass: throw LessonProblem(refusal.description)
        case RunLogError.expired: throw WatchEnd.gone("\(error)")
        case is RunLogError: throw LessonProblem("\(error)")
        // The next connection would bring the same event again.
        case is EventStreamError: throw LessonProblem("One event of \(source.name) is too large to be shown.")
        case let problem as StreamKitError where !problem.isTransient: throw LessonProblem("\(problem)")
        case let problem as StreamKitError where !place.hasConnected: throw WatchEnd.unreachable("\(problem)")
        case _ where !place.hasConnected: throw AgentClient.problem(error, source.name)
        default: return "\(error)"
        }
    }
}

extension AgentClient {
    /// What kept a server from answering, in words.
    static func problem(_ error: any Error, _ server: String) -> any Error {
        if let refusal = error as? Refusal { return LessonProblem(refusal.description) }
        if error is HTTPParserError {
            return LessonProblem(Refusal.stranger(server, "it does not speak HTTP").description)
        }
        let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        return WatchEnd.unreachable(
            "Nothing answers at \(server) (\(reason)). To start the server: \(LessonCommand.typing(5, "serve"))")
    }
}
