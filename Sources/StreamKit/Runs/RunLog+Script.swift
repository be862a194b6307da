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
        let time = retention.timeToLive.components
        let milliseconds = time.seconds * 1000 + time.attoseconds / 1_000_000_000_000_000
        var arguments = [
            operation.rawValue, address.correlationID, String(address.attempt), address.writer,
            String(address.position), kind.rawValue, String(retention.maximumLength), String(max(1, milliseconds)),
        ]
        for (name, value) in fields { arguments += [name, value] }
        let reply = try await retrying { [arguments] in
            try await redis.run(RunScript.script, keys: [stream.key, stateKey], arguments: arguments)
        }
        return try outcome(of: reply, address)
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
