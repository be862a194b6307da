import Dispatch
import Foundation
import Synchronization

/// Waiting for Enter without blocking a thread of the cooperative pool.
enum EnterKey {
    /// Returns when a line or the end of standard input was read; throws when the task is cancelled.
    static func wait() async throws {
        let waiting = Waiting()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waiting.begin(continuation)
                if Task.isCancelled { waiting.end(.failure(CancellationError())) }
                // A cancelled wait leaves this thread in its read: the process is about to exit.
                DispatchQueue.global().async {
                    discardLine()
                    waiting.end(.success(()))
                }
            }
        } onCancel: {
            waiting.end(.failure(CancellationError()))
        }
    }

    private static func discardLine() {
        guard StandardStreams.isOpen(STDIN_FILENO) else { return }
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {}
    }

    /// A continuation that the first of several events resumes.
    private final class Waiting: Sendable {
        private let continuation = Mutex<CheckedContinuation<Void, any Error>?>(nil)

        func begin(_ new: CheckedContinuation<Void, any Error>) {
            continuation.withLock { $0 = new }
        }

        func end(_ result: Result<Void, any Error>) {
            let first = continuation.withLock { $0.take() }
            first?.resume(with: result)
        }
    }
}
