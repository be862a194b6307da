import StreamKit
import Synchronization

/// The runs that one worker has in hand, by correlation ID, so that a notice can stop one of them.
final class RunningRuns: Sendable {
    private struct Run {
        let task: Task<Void, any Error>
        var isCalledOff = false
    }

    /// A run's place; two runs have one name only while a task that this worker lost comes back to it.
    private struct Place: Hashable {
        let correlationID: String
        let number = RandomID()
    }

    private let runs = Mutex<[Place: Run]>([:])

    /// Does the work of a run; cancelled with the caller, or by ``callOff(_:)``.
    ///
    /// - Throws: ``RunCalledOff`` if the work failed after it was called off, or whatever it failed with.
    func run(_ correlationID: String, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let place = Place(correlationID: correlationID)
        let task = runs.withLock { runs in
            // Unstructured, so that it can be cancelled by its name alone.
            let task = Task { try await body() }
            runs[place] = Run(task: task)
            return task
        }
        let outcome = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        let wasCalledOff = runs.withLock { $0.removeValue(forKey: place)?.isCalledOff ?? false }
        if case .failure = outcome, wasCalledOff, !Task.isCancelled { throw RunCalledOff() }
        try outcome.get()
    }

    /// Cancels a run, if it is one of these.
    func callOff(_ correlationID: String) {
        runs.withLock { runs in
            for place in runs.keys where place.correlationID == correlationID {
                runs[place]?.isCalledOff = true
                runs[place]?.task.cancel()
            }
        }
    }
}

/// A notice said that this run is called off.
struct RunCalledOff: Error {}
