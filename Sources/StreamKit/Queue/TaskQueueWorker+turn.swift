import CoreMetrics
import Foundation
import Logging
import Metrics

extension TaskQueueWorker {
    /// Tasks that are settled in one step at most.
    private static var largestBatch: Int { 500 }

    /// Tells the server of all that ended, and fills the free places.
    ///
    /// Usually that is one exchange of messages: the read goes out right behind the report. Only when tasks of
    /// high priority may be waiting, or nothing was heard for a while, the report's answer is awaited first,
    /// because it says so.
    func turn() async throws {
        let batch = state.takeFinished(limit: Self.largestBatch, at: .now)
        let (arrived, unwanted) = state.takeArrived()
        state.setAside(unwanted)
        let isHungry = state.snapshot.isHungry
        let places = isHungry ? state.reserve(upTo: Self.largestBatch) : 0
        defer { state.release(places) }
        var (got, knowsOrder): ([DeliveredTask], Bool) = ([], true)
        if places > 0, arrived.isEmpty, let seen = view.freshLengths, seen.high == 0 {
            got = try await settle(batch, thenRead: places)
        } else {
            let asked = ContinuousClock.now
            state.setAside(try await settle(batch, thenStart: arrived))
            // A server that did not know the script has not said yet what goes first.
            knowsOrder = view.wasHeard(since: asked)
            if places > 0, knowsOrder { got = try await readByPriority(places) }
        }
        if isHungry, knowsOrder { state.setHungry(got.count >= places) }
        state.setAside(start(got, inPlacesReserved: false))
        try await handBackUnwanted()
    }

    /// Again in the next turn if it fails: who is told twice finds the tasks gone.
    private func handBackUnwanted() async throws {
        let tasks = state.takeUnwanted()
        guard !tasks.isEmpty else { return }
        do {
            try await handBack(tasks)
        } catch {
            state.setAside(tasks)
            throw error
        }
    }

    private func settle(
        _ batch: [WorkerState.Finished], thenStart arrived: [DeliveredTask]
    ) async throws -> [DeliveredTask] {
        do {
            _ = try await settle(batch, thenRead: 0)
        } catch {
            // They have come, whatever went wrong with the others.
            state.release(arrived.count)
            state.arrive(arrived)
            throw error
        }
        return start(arrived, inPlacesReserved: true)
    }

    /// Sends what ended, one script a stream, and perhaps a read of normal tasks behind it.
    private func settle(_ batch: [WorkerState.Finished], thenRead places: Int) async throws -> [DeliveredTask] {
        let generation = view.generation
        let batch = withoutLost(batch, generation)
        var parts = QueuePriority.allCases.compactMap { stream in
            let part = batch.filter { $0.hold.stream == stream }.sorted { $0.hold.entry < $1.hold.entry }
            return part.isEmpty ? nil : (stream, part)
        }
        if parts.isEmpty { parts = [(.normal, [])] }
        let replies: [Result<Reply, StreamKitError>]
        do {
            replies = try await redis.pipeline { pipeline in
                for (stream, part) in parts { pipeline.add { encodeSettle(part, stream, generation, into: &$0) } }
                if places > 0 { addRead(.normal, limit: places, to: &pipeline) }
            }
        } catch {
            state.putBack(batch)
            throw error
        }
        var failure: StreamKitError?
        for ((_, part), reply) in zip(parts, replies) {
            do {
                try settled(part, reply)
            } catch {
                failure = error
            }
        }
        // Read before anything is thrown: what was delivered is ours.
        let read = places > 0 ? Result { try delivered(replies.suffix(2), .normal, atLeast: generation) } : nil
        if let failure {
            if let tasks = try? read?.get(), !tasks.isEmpty { state.arrive(tasks) }
            if failure.serverPrefix == "NOSCRIPT" { return try await loadScript() }
            throw failure
        }
        return try read?.get() ?? []
    }

    /// What a group held that was deleted since is settled for this worker: it holds it no more.
    private func withoutLost(_ batch: [WorkerState.Finished], _ generation: Int) -> [WorkerState.Finished] {
        let lost = batch.filter { $0.hold.generation < generation }
        guard !lost.isEmpty else { return batch }
        for finished in lost { refuse("\(finished.hold.task)") }
        state.settled(lost)
        return batch.filter { $0.hold.generation >= generation }
    }

    private func refuse(_ id: String) {
        logger.warning("task \(id) of queue \(queue.key) ended here, but was not held any more")
    }

    /// A server that was restarted has forgotten its scripts; the batch is sent again in the next turn.
    private func loadScript() async throws -> [DeliveredTask] {
        _ = try await redis.send("SCRIPT", "LOAD", QueueScripts.settle.source)
        return []
    }

    private func settled(
        _ part: [WorkerState.Finished], _ reply: Result<Reply, StreamKitError>
    ) throws(StreamKitError) {
        switch reply {
        case .success(let reply):
            guard let words = reply.elements, words.count >= 3 else {
                state.putBack(part)
                throw .unexpectedReply("queue \(queue.key) settled tasks with \(reply)")
            }
            view.saw(
                generation: words[0].integer ?? 1, high: words[1].integer ?? 0, low: words[2].integer ?? 0)
            let refused = Set(words.dropFirst(3).compactMap(\.text))
            // Also the answer to a repeat whose first try went through; then nothing is amiss.
            for id in refused { refuse(id) }
            metrics.completed.increment(by: part.count - refused.count)
            if let onEvent = options.onEvent {
                for finished in part where !refused.contains("\(finished.hold.entry)") {
                    onEvent(.completed(task: finished.hold.task, attempt: finished.hold.delivered.attempt))
                }
            }
            state.settled(part)
        case .failure(.server(let error)) where error.isLeaseLoss:
            state.settled(part)
            throw .server(error)
        case .failure(let error):
            state.putBack(part)
            throw error
        }
    }

    private func encodeSettle(
        _ part: [WorkerState.Finished], _ stream: QueuePriority, _ generation: Int, into buffer: inout ByteBuffer
    ) {
        let special = part.enumerated().filter { !$0.element.hold.isPlain || $0.element.result != nil }
        let all = keys.all
        buffer.beginCommand("EVALSHA", words: 3 + all.count + 8 + part.count + special.count * 4)
        buffer.word(QueueScripts.settle.digest)
        buffer.word(all.count)
        for key in all { buffer.word(key) }
        for word in [stream.rawValue, queue.group, consumer] { buffer.word(word) }
        for number in [
            state.concurrency, options.maximumResults, options.resultRetention.wholeMilliseconds, generation,
            part.count,
        ] { buffer.word(number) }
        for finished in part { buffer.word(finished.hold.entry) }
        for (index, finished) in special {
            buffer.word(index + 1)
            buffer.word(finished.hold.deliveries)
            buffer.word(finished.hold.task)
            buffer.word(finished.result.map { "=" + $0 } ?? "")
        }
    }
}
