import StreamKit

/// Who writes, and how far that writer has come.
struct RunAddress: Sendable {
    var correlationID: String
    var attempt = 0
    var writer = ""
    var position = 0
}

extension RunLog {
    /// Runs the script, again and again if the connection breaks: a repeat is recognised and changes nothing.
    func add(
        _ operation: RunScript.Operation, _ address: RunAddress, kind: RunEvent.Kind, fields: [(String, String)]
    ) async throws -> (id: StreamID, run: Int) {
        let arguments =
            [
                operation.rawValue, address.correlationID, String(address.attempt), address.writer,
                String(address.position), kind.rawValue,
            ] + limits + fields.flatMap { [$0, $1] }
        let reply = try await retrying {
            try await redis.run(RunScript.write, keys: [stream.key, stateKey], arguments: arguments)
        }
        return try outcome(of: reply, address)
    }

    /// How far the stream may grow, and how many milliseconds both keys live on.
    private var limits: [String] {
        [String(retention.maximumLength), String(max(1, retention.timeToLive.wholeMilliseconds))]
    }

    /// Calls off every run of the conversation that has not ended, whoever works on it.
    ///
    /// Each gets its last event, `task_cancelled`, in one atomic step; its worker is refused from then on, and
    /// told to stop by ``RunCancellations``.
    ///
    /// - Returns: The correlation IDs of the runs that were called off; none if all had ended.
    /// - Throws: ``StreamKitError``, for example `WRONGTYPE` if the key holds something else.
    @discardableResult
    public func cancel() async throws -> [String] {
        let fields = ["data", #"{"reason":"requested"}"#, "error", "The run was cancelled.", "done", "true"]
        // A repeat after a lost reply would say that nothing was open, so this is sent once.
        let reply = try await redis.run(
            RunScript.cancel, keys: [stream.key, stateKey], arguments: limits + fields)
        return (reply.elements ?? []).compactMap(\.text)
    }

    private func outcome(of reply: Reply, _ address: RunAddress) throws -> (id: StreamID, run: Int) {
        let parts = reply.elements ?? []
        let second = parts.count > 1 ? parts[1] : nil
        switch parts.first?.text {
        case "ok":
            guard let id = second?.text.flatMap(StreamID.init), parts.count > 2, let run = Int(parts[2].text ?? "")
            else { break }
            return (id, run)
        case "stale":
            throw RunLogError.staleAttempt(attempt: address.attempt, current: second?.integer ?? 0)
        case "finished":
            throw RunLogError.finished(second?.text.flatMap(RunEvent.Kind.init(rawValue:)) ?? .taskCompleted)
        case "expired":
            throw RunLogError.expired(conversationID: conversationID)
        case "busy":
            throw RunLogError.busy(conversationID: conversationID)
        case "order":
            throw RunLogError.outOfOrder(expected: second?.integer ?? 0, sent: address.position)
        default:
            break
        }
        throw StreamKitError.unexpectedReply("The script of the run log answered something it never answers: \(reply)")
    }

    private func retrying(_ body: () async throws -> Reply) async throws -> Reply {
        var pause = Duration.milliseconds(50)
        for _ in 1..<Self.tries {
            do {
                return try await body()
            } catch let error as StreamKitError where error.mayPass {
                try await Task.sleep(for: pause)
                pause *= 2
            }
        }
        return try await body()
    }

    /// Seven tries spread over about three seconds: enough for a Redis that restarts.
    private static var tries: Int { 7 }
}
