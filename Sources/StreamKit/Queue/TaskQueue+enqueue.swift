import CoreMetrics
public import Foundation

// How tasks come into the queue: one, many at once, later, or once for a key.
extension TaskQueue {
    /// Adds a task.
    ///
    /// - Parameters:
    ///   - payload: What the worker gets, as JSON.
    ///   - priority: Which tasks it goes before.
    ///   - idempotencyKey: A name for this task. Within ``TaskQueueOptions/idempotencyWindow`` another call with the
    ///     same name adds nothing. Repeat the call after a lost connection: that is what the name is for.
    ///   - delay: How long no worker gets it, by the server's clock.
    /// - Returns: The task's ID; that of the task added first, if the idempotency key was seen before.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` if the payload cannot be encoded or is too large, and the
    ///   server's `OOM` if it has no memory for more.
    @discardableResult
    public func enqueue(
        _ payload: Payload, priority: QueuePriority = .normal, idempotencyKey: String? = nil,
        after delay: Duration? = nil
    ) async throws -> StreamID {
        try await enqueueOne(payload, priority, delay.map { .after($0) } ?? .now, idempotencyKey)
    }

    /// Adds a task that no worker gets before a moment, by the server's clock.
    ///
    /// - Parameters:
    ///   - payload: What the worker gets, as JSON.
    ///   - due: The moment; if it has passed, the task can run at once.
    ///   - priority: Which tasks it goes before, once it is due.
    ///   - idempotencyKey: A name for this task, under which it is added only once.
    /// - Returns: The task's ID; that of the task added first, if the idempotency key was seen before.
    /// - Throws: As ``enqueue(_:priority:idempotencyKey:after:)``.
    @discardableResult
    public func enqueue(
        _ payload: Payload, due: Date, priority: QueuePriority = .normal, idempotencyKey: String? = nil
    ) async throws -> StreamID {
        try await enqueueOne(payload, priority, .at(due), idempotencyKey)
    }

    /// Adds many tasks in batches.
    ///
    /// - Parameters:
    ///   - payloads: What the workers get, as JSON.
    ///   - priority: Which tasks they go before.
    ///   - delay: How long no worker gets them, by the server's clock.
    ///   - idempotencyKey: A name for each task, under which it is added only once.
    /// - Returns: The tasks' IDs, in the order of the payloads.
    /// - Throws: The first error, as ``enqueue(_:priority:idempotencyKey:after:)``;
    ///   some of the tasks may have been added by then.
    @discardableResult
    public func enqueue(
        contentsOf payloads: [Payload], priority: QueuePriority = .normal, after delay: Duration? = nil,
        idempotencyKey: ((Payload) -> String)? = nil
    ) async throws -> [StreamID] {
        try await enqueue(
            encode(payloads), priority, delay.map { .after($0) } ?? .now,
            idempotencyKeys: idempotencyKey.map { payloads.map($0) } ?? [])
    }

    // MARK: Sending

    private func enqueueOne(
        _ payload: Payload, _ priority: QueuePriority, _ moment: QueueCalls.Moment, _ idempotencyKey: String?
    ) async throws -> StreamID {
        let ids = try await enqueue(
            encode([payload]), priority, moment, idempotencyKeys: idempotencyKey.map { [$0] } ?? [])
        guard let id = ids.first else { throw StreamKitError.unexpectedReply("XADD was not answered.") }
        return id
    }

    private func enqueue(
        _ encoded: [Data], _ priority: QueuePriority, _ moment: QueueCalls.Moment, idempotencyKeys: [String]
    ) async throws -> [StreamID] {
        var ids: [StreamID] = []
        ids.reserveCapacity(encoded.count)
        let isPlain = priority == .normal && idempotencyKeys.isEmpty && moment == .now
        let size = isPlain ? 1_000 : 100
        for start in stride(from: 0, to: encoded.count, by: size) {
            let range = start..<min(start + size, encoded.count)
            if isPlain {
                ids += try await append(encoded[range])
            } else {
                let names = idempotencyKeys.isEmpty ? [] : Array(idempotencyKeys[range])
                ids += try await calls.enqueue(encoded[range], priority, moment, idempotencyKeys: names)
            }
        }
        metrics.enqueued.increment(by: ids.count)
        return ids
    }

    /// The common case: one `XADD` per task, and nothing else.
    private func append(_ encoded: ArraySlice<Data>) async throws -> [StreamID] {
        func encode(_ data: Data, into buffer: inout ByteBuffer) {
            buffer.beginCommand("XADD", arguments: 5)
            buffer.argument(keys.normal)
            buffer.argument("*")
            buffer.argument("payload")
            data.withUnsafeBytes { buffer.argument($0) }
        }
        do {
            if encoded.count == 1, let data = encoded.first {
                return [try await redis.execute { encode(data, into: &$0) }.streamID("XADD")]
            }
            let replies = try await redis.pipeline { batch in
                for data in encoded { batch.add { encode(data, into: &$0) } }
            }
            return try replies.map { try $0.get().streamID("XADD") }
        } catch StreamKitError.server(let error) where error.message.contains("exhausted the last possible ID") {
            // Somebody has used up the stream's IDs. The script puts the tasks into another stream of the queue.
            return try await calls.enqueue(encoded, .normal, .now, idempotencyKeys: [])
        }
    }

    private func encode(_ payloads: [Payload]) throws -> [Data] {
        let encoder = SortedJSON.encoder
        return try payloads.map { payload in
            let data: Data
            do {
                data = try encoder.encode(payload)
            } catch {
                throw StreamKitError.invalidInput("the payload cannot be written as JSON: \(error)")
            }
            guard data.count <= options.maximumPayloadBytes else {
                throw StreamKitError.invalidInput(
                    "the payload has \(data.count) bytes of JSON, and the queue \(key) takes at most "
                        + "\(options.maximumPayloadBytes); store the bulk elsewhere and enqueue where it is")
            }
            return data
        }
    }
}
