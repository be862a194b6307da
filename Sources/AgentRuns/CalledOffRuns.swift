import StreamKit
import Synchronization

/// The runs that this process works on, and the news that one of them was called off.
///
/// The process that calls a run off says so in a short stream, which every worker follows: so the worker's model
/// request is closed at once. News that got lost does no harm, because the queue takes the task from its worker within
/// a second anyway.
final class CalledOffRuns: Sendable {
    private let stream: RedisStream
    private struct State {
        var count = 0
        /// Ends when the run is called off; one per attempt, by number.
        var attempts: [Int: (run: String, end: AsyncStream<Void>.Continuation)] = [:]
    }
    private let state = Mutex(State())

    init(redis: Redis, key: String) { stream = redis.stream(key) }

    /// Tells all workers (XADD); old news is dropped.
    func announce(_ correlationIDs: [String]) async throws {
        for id in correlationIDs { try await stream.append(["run": id], trim: .maximumLength(1_000)) }
    }

    /// Hears the news until cancelled.
    func follow() async throws {
        for try await entry in stream.follow(after: .now) {
            for attempt in state.withLock({ Array($0.attempts.values) }) where attempt.run == entry["run"] {
                attempt.end.finish()
            }
        }
    }

    /// Does the work of a run, and cancels it when the run is called off.
    ///
    /// - Throws: What the body throws, or ``RunLogError/finished(_:)`` for a run that was called off.
    func run(_ correlationID: String, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let (end, continuation) = AsyncStream.makeStream(of: Void.self)
        let number = state.withLock { state in
            state.count += 1
            state.attempts[state.count] = (correlationID, continuation)
            return state.count
        }
        defer { state.withLock { $0.attempts[number] = nil } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in end {}
                try Task.checkCancellation()
                throw RunLogError.finished(.taskCancelled)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
