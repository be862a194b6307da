import ArgumentParser
@preconcurrency import Dispatch
import Foundation
import Synchronization

/// Runs `body`; Ctrl-C (or a request to terminate) cancels it, and the process ends with 128 + signal.
///
/// What `body` started gets two seconds to clean up. After that, or at a second Ctrl-C, the process
/// exits at once; a private redis-server notices and ends by itself.
/// - Parameter body: what to do, and to cancel. ``withLesson(_:durable:keys:_:)`` does this for its body.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, or after a signal an exit code: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
public func cancellingOnInterrupt<R>(_ body: () async throws -> R) async throws -> R {
    // Safety: a task may be cancelled from any thread. This one lives as long as this function runs, and
    // no signal reaches it once `stopListening` has returned.
    nonisolated(unsafe) let task = withUnsafeCurrentTask { $0 }
    let interruption = Interruption { task?.cancel() }
    defer { interruption.stopListening() }
    let result: R
    do {
        result = try await body()
    } catch {
        if let signal = interruption.signal { throw ExitCode(128 + signal) }
        throw error
    }
    // A body may end well although it was interrupted; the program ends all the same.
    if let signal = interruption.signal { throw ExitCode(128 + signal) }
    return result
}

/// The first signal that asks the process to end, turned into a call.
private final class Interruption: Sendable {
    private struct State {
        var received: Int32?
        var cancel: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>

    /// Calls `cancel` at the first signal, and exits when cancelling takes too long.
    init(_ cancel: @escaping @Sendable () -> Void) {
        state = Mutex(State(cancel: cancel))
        EndSignals.shared.listeners.withLock { $0.append(self) }
    }

    /// The first signal that arrived.
    var signal: Int32? { state.withLock { $0.received } }

    func stopListening() {
        EndSignals.shared.listeners.withLock { $0.removeAll { $0 === self } }
        state.withLock { $0.cancel = nil }
    }

    func arrived(_ number: Int32) {
        let isFirst = state.withLock { state in
            guard state.received == nil else { return false }
            state.received = number
            return true
        }
        guard isFirst else { exit(128 + number) }
        // A terminal shows ^C; what follows starts on a line of its own.
        if isatty(STDERR_FILENO) == 1 { writeFully("\n", to: STDERR_FILENO) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 2) {
            writeFully("This took too long, so it ends without cleaning up.\n", to: STDERR_FILENO)
            exit(128 + number)
        }
        state.withLock { $0.cancel?() }
    }
}

/// The process's signals, watched from the first interruption on until it ends.
///
/// Dispatch takes a source away some time after it was cancelled, and with it one that was made in its
/// place meanwhile: a program of several lessons must not make new ones for each.
private final class EndSignals: Sendable {
    static let shared = EndSignals()
    let listeners = Mutex<[Interruption]>([])
    private let sources: [any DispatchSourceSignal]

    private init() {
        let signals = [SIGINT, SIGTERM, SIGHUP]
        sources = signals.map { DispatchSource.makeSignalSource(signal: $0, queue: .global()) }
        for (number, source) in zip(signals, sources) {
            source.setEventHandler { EndSignals.shared.arrived(number) }
            source.resume()
            #if canImport(Darwin)
            // The default action would end the process before the handler runs. On Linux, Dispatch puts a handler
            // of its own in the place of that action, and a signal that is ignored never reaches anybody.
            Foundation.signal(number, SIG_IGN)
            #endif
        }
    }

    /// The innermost listener hears it; with none there is nothing to clean up.
    private func arrived(_ number: Int32) {
        guard let listener = listeners.withLock({ $0.last }) else { exit(128 + number) }
        listener.arrived(number)
    }
}
