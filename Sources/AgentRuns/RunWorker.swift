import Logging
public import ServiceLifecycle
import StreamKit
import Tracing

/// A worker of the queue of runs: takes them one by one and lets a handler write what happens.
///
/// Every run it hears of gets a last event: from the handler, because it was called off, because its last attempt
/// failed, or because the queue gave it up when worker after worker died over it.
public struct RunWorker: Service {
    let runs: AgentRuns
    let name: String
    let concurrency: Int
    let handler: @Sendable (RunWriter) async throws -> Void

    /// Works until the Swift task is cancelled or the service group shuts down gracefully.
    ///
    /// - Throws: A ``StreamKitError`` that waiting does not fix, such as a Redis that cannot be reached at the start.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await persistently("follow dead letters") { try await closeAbandonedRuns() } }
            group.addTask { await persistently("hear of cancelled runs") { try await runs.calledOff.follow() } }
            group.addTask { await persistently("look after waiting runs") { try await runs.lookAfterWaitingRuns() } }
            group.addTask { await persistently("look after paused runs") { try await runs.lookAfterPausedRuns() } }
            defer { group.cancelAll() }
            try await runs.queue.work(as: name, concurrency: concurrency) { task in try await answerInTurn(task) }
        }
    }

    private func answerInTurn(_ task: QueuedTask<RunRequest>) async throws {
        do {
            try await answer(task)
        } catch {
            // If this fails as well, the run that stands in line is found within seconds.
            try? await runs.beginNext(in: task.payload.conversationID)
            throw error
        }
        try? await runs.beginNext(in: task.payload.conversationID)
    }

    private func answer(_ task: QueuedTask<RunRequest>) async throws {
        let request = task.payload
        do {
            try await request.withAttemptSpan(queue: runs.names.queueKey) { try await work(on: task, $0, $1) }
        } catch RunLogError.finished, RunLogError.expired {
            // Called off, given up or forgotten; or an earlier attempt ended it and died before it told the queue.
            try await runs.waiting.remove([request.correlationID])
        } catch RunLogError.staleAttempt(let attempt, let current) where current > attempt {
            // Others have the run: a later attempt of this task, and then the queue refuses its completion; or a later
            // task, which was enqueued after a decision while this one's worker was dead. To try this one again would
            // end in giving up a run that is being worked on.
        } catch let error as RunLogError {
            guard case .damaged = error else { throw error }
            throw PermanentTaskFailure(error.description)
        }
    }

    private func work(on task: QueuedTask<RunRequest>, _ request: RunRequest, _ span: any Span) async throws {
        let writer = try await runs.log(of: request.conversationID).begin(
            request, token: request.token(of: task), cause: AttemptCause(of: task), mayOpen: false, task: task.id,
            // Lost progress is not lost work: the queue would only count a worker's death too many.
            onCheckpoint: { try? await task.madeProgress() })
        await writer.describe(span)
        try await runs.waiting.remove([request.correlationID])
        do {
            try await runs.calledOff.run(request.correlationID) { try await handler(writer) }
        } catch let pause as RunPause {
            try await runs.pause(task.payload, pause, writer)
        } catch let error as RunFailure {
            try await writer.fail(userMessage: error.userMessage)
            throw PermanentTaskFailure(error.description)
        } catch let error as RunLogError {
            guard case .full = error else { throw error }
            try await writer.fail(userMessage: "The answer grew too long.")
            throw PermanentTaskFailure(error.description)
        } catch let error where task.isLastAttempt && !(error is CancellationError) && !Task.isCancelled {
            // The run gets its last event, so that no viewer waits forever.
            try await writer.fail(userMessage: Self.givenUp)
            throw error
        }
    }

    /// Ends the runs that the queue gave up without a word from their worker, because it died.
    ///
    /// Every worker does this for every dead letter there is: the second one to come finds the run ended, so none is
    /// forgotten when a worker dies here too.
    private func closeAbandonedRuns() async throws {
        for try await letter in runs.queue.deadLetterStream.follow(after: .beginning) {
            guard let payload = letter["payload"], let request = SortedJSON.value(RunRequest.self, of: payload) else {
                continue
            }
            do {
                try await runs.log(of: request.conversationID).close(request, userMessage: Self.givenUp)
                try await runs.waiting.remove([request.correlationID])
            } catch is RunLogError {
                // It ended by itself, nobody can be watching any more, or nobody can tell how it stands.
            } catch let error as StreamKitError where !error.isTransient {
                runs.queue.options.logger.warning(
                    "the run of dead letter \(letter.id) cannot be closed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Does something every two seconds for as long as the worker lives, whatever fails.
    private func persistently(_ what: String, _ body: () async throws -> Void) async {
        _ = try? await RetryPolicy.forever.run(
            if: { _ in !Task.isCancelled },
            onRetry: { error, _ in
                runs.queue.options.logger.warning(
                    "could not \(what) of queue \(runs.queue.key); trying again", metadata: ["error": "\(error)"])
            },
            { _ in
                while true {
                    try await body()
                    try await Task.sleep(for: .seconds(2))
                }
            })
    }

    /// What the user may know of a run that was tried as often as it may be.
    static let givenUp = "The agent failed several times. Please try again later."
}
