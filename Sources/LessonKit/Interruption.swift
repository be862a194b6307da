import ArgumentParser
@preconcurrency import Dispatch
import Foundation
import Synchronization

/// Runs `body`; Ctrl-C, a request to terminate, or output that nobody reads any more cancels it and ends the process.
///
/// What `body` started gets two seconds to clean up, or ``EndTime/limit``. After that, or at a second Ctrl-C, the process
/// exits at once; a private redis-server notices and ends by itself.
/// - Parameter body: what to do, and to cancel. ``withLesson(_:durable:keys:environment:_:)`` does this for its body.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, or an exit code: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP, 141 when the
///   reader of standard output left, 1 when it could not be written for another reason.
public func cancellingOnInterrupt<R>(_ body: () async throws -> R) async throws -> R {
    // Safety: a task may be cancelled from any thread. This one lives as long as this function runs, and
    // nothing reaches it once `stopListening` has returned.
    nonisolated(unsafe) let task = withUnsafeCurrentTask { $0 }
    let interruption = Interruption { task?.cancel() }
    defer { interruption.stopListening() }
    let result: R
    do {
        result = try await body()
    } catch {
        if let reason = interruption.reason { throw ExitCode(reason.exitCode) }
        throw error
    }
    // A body may end well although it was interrupted; the program ends all the same.
    if let reason = interruption.reason { throw ExitCode(reason.exitCode) }
    return result
}

/// How long a program that was told to end may take.
public enum EndTime {
    /// Holds for what ``cancellingOnInterrupt(_:)`` begins while it is set.
    @TaskLocal public static var limit = Duration.seconds(2)
}

/// Why a program has to end before its work is done.
enum EndReason: Sendable {
    case signal(Int32)
    /// Standard output cannot be written; the error number says why.
    case outputLost(Int32)

    var exitCode: Int32 {
        switch self {
        case .signal(let number): 128 + number
        case .outputLost(EPIPE): 128 + SIGPIPE
        case .outputLost: 1
        }
    }

    /// Prints what a person should know about it, on standard error.
    func announce() {
        switch self {
        case .signal:
            // A terminal shows ^C; what follows starts on a line of its own.
            if isatty(STDERR_FILENO) == 1 { writeFully("\n", to: STDERR_FILENO) }
        case .outputLost(EPIPE): break
        case .outputLost(let problem):
            let reason = String(cString: strerror(problem))
            writeFully("Error: standard output cannot be written: \(reason).\n", to: STDERR_FILENO)
        }
    }
}

/// Where every reason to end arrives.
enum ProgramEnd {
    /// Cancels the innermost body that ``cancellingOnInterrupt(_:)`` runs; without one, nothing needs cleaning up.
    static func begin(_ reason: EndReason) {
        guard let listener = EndSignals.shared.listeners.withLock({ $0.last }) else {
            reason.announce()
            exit(reason.exitCode)
        }
        listener.arrived(reason)
    }
}

/// The first reason to end, turned into a call.
private final class Interruption: Sendable {
    private struct State {
        var reason: EndReason?
        var cancel: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>
    private let limit = EndTime.limit

    /// Calls `cancel` for the first reason, and exits when cancelling takes too long.
    init(_ cancel: @escaping @Sendable () -> Void) {
        state = Mutex(State(cancel: cancel))
        EndSignals.shared.listeners.withLock { $0.append(self) }
    }

    /// The first reason that arrived.
    var reason: EndReason? { state.withLock { $0.reason } }

    func stopListening() {
        EndSignals.shared.listeners.withLock { $0.removeAll { $0 === self } }
        state.withLock { $0.cancel = nil }
    }

    func arrived(_ reason: EndReason) {
        let isFirst = state.withLock { state in
            guard state.reason == nil else { return false }
            state.reason = reason
            return true
        }
        guard isFirst else {
            // A second Ctrl-C means hurry; output may fail any number of times.
            if case .signal = reason { exit(reason.exitCode) }
            return
        }
        reason.announce()
        DispatchQueue.global().asyncAfter(deadline: .now() + (limit / .seconds(1))) {
            writeFully("This took too long, so it ends without cleaning up.\n", to: STDERR_FILENO)
            exit(reason.exitCode)
        }
        state.withLock { $0.cancel?() }
    }
}

/// The process's signals, watched from the first interruption on until it ends.
///
/// Dispatch removes a source some time after it was cancelled, and with it one that was created in its
/// place meanwhile. So a program of several lessons must not create new ones for each.
private final class EndSignals: Sendable {
    static let shared = EndSignals()
    let listeners = Mutex<[Interruption]>([])
    private let sources: [any DispatchSourceSignal]

    private init() {
        let signals = [SIGINT, SIGTERM, SIGHUP]
        sources = signals.map { DispatchSource.makeSignalSource(signal: $0, queue: .global()) }
        for (number, source) in zip(signals, sources) {
            source.setEventHandler { ProgramEnd.begin(.signal(number)) }
            source.resume()
            #if canImport(Darwin)
            // The default action would end the process before the handler runs. On Linux, Dispatch puts a handler
            // of its own in place of that action, and an ignored signal would never arrive.
            Foundation.signal(number, SIG_IGN)
            #endif
        }
    }
}
