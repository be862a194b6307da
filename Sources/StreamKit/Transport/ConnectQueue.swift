import DequeModule
import Synchronization

/// Attempts to connect, of which a limited number go on at a time, each on a thread.
///
/// hiredis connects with blocking calls, and name resolution blocks, too; neither must block Swift's own threads.
final class ConnectQueue: Sendable {
    /// One attempt, or what to do if no thread can be started for it.
    struct Job: Sendable {
        let run: @Sendable () -> Void
        let fail: @Sendable () -> Void
    }

    private struct State {
        var threads = 0
        var waiting = Deque<Job>()
    }

    static let shared = ConnectQueue(
        most: 64, startThread: { BackgroundThread.start("streamkit-link", stackBytes: 512 << 10, $0) })

    private let most: Int
    private let startThread: @Sendable (@escaping @Sendable () -> Void) -> Bool
    private let state = Mutex(State())

    init(most: Int, startThread: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool) {
        self.most = most
        self.startThread = startThread
    }

    /// Runs a job on a thread, when there is one to spare.
    func add(_ job: Job) {
        let isStarting = state.withLock { state in
            state.waiting.append(job)
            guard state.threads < most else { return false }
            state.threads += 1
            return true
        }
        guard isStarting, !startThread({ [self] in work() }) else { return }
        // Running threads take the jobs that wait. Without a running thread nobody ever would.
        let stranded = state.withLock { state in
            state.threads -= 1
            defer { if state.threads == 0 { state.waiting = [] } }
            return state.threads == 0 ? state.waiting : []
        }
        for job in stranded { job.fail() }
    }

    private func work() {
        while let job = next() { job.run() }
    }

    private func next() -> Job? {
        state.withLock { state in
            if let job = state.waiting.popFirst() { return job }
            state.threads -= 1
            return nil
        }
    }
}
