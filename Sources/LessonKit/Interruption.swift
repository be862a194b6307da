import ArgumentParser
import Dispatch
import Foundation
import Synchronization

/// Runs `body`; Ctrl-C (or a request to terminate) cancels it, and the process ends with 128 + signal.
///
/// What `body` started gets two seconds to clean up. After that, or at a second Ctrl-C, the process
/// exits at once; a private redis-server notices and ends by itself.
func cancellingOnInterrupt<R>(_ body: () async throws -> R) async throws -> R {
    let interruption = Interruption()
    defer { interruption.stopListening() }
    do {
        return try await withUnsafeCurrentTask { task in
            interruption.listen { task?.cancel() }
            return try await body()
        }
    } catch {
        if let signal = interruption.signal { throw ExitCode(128 + signal) }
        throw error
    }
}

/// The signals that ask the process to end, turned into a call.
private final class Interruption: Sendable {
    private let received = Mutex<Int32?>(nil)
    private let sources: [any DispatchSourceSignal]
    private static let signals = [SIGINT, SIGTERM, SIGHUP]

    init() {
        sources = Self.signals.map { DispatchSource.makeSignalSource(signal: $0, queue: .global()) }
    }

    /// The first signal that arrived.
    var signal: Int32? { received.withLock { $0 } }

    /// Calls `cancel` at the first signal, and exits when cancelling takes too long.
    func listen(_ cancel: @escaping () -> Void) {
        // Safety: a task may be cancelled from any thread, and `body` outlives the sources.
        nonisolated(unsafe) let cancel = cancel
        for (number, source) in zip(Self.signals, sources) {
            source.setEventHandler { self.arrived(number, cancel) }
            source.resume()
            // The default action would end the process before the handler runs.
            Foundation.signal(number, SIG_IGN)
        }
    }

    func stopListening() {
        for (number, source) in zip(Self.signals, sources) {
            source.cancel()
            Foundation.signal(number, SIG_DFL)
        }
    }

    private func arrived(_ number: Int32, _ cancel: () -> Void) {
        let isFirst = received.withLock { first in
            defer { first = first ?? number }
            return first == nil
        }
        guard isFirst else { exit(128 + number) }
        // Ctrl-C prints ^C; what follows starts on a line of its own.
        if isatty(STDERR_FILENO) == 1 { writeFully("\n", to: STDERR_FILENO) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 2) { exit(128 + number) }
        cancel()
    }
}
