// What metrics and the trace learn about each command.
extension Redis {
    func traced(
        blocks: Bool = false, commands: Int = 1, _ encode: (inout ByteBuffer) -> Void,
        _ send: () async throws -> Replies
    ) async throws -> Replies {
        guard let metrics = configuration.commandMetrics else { return try await reported(encode, send) }
        let start = blocks ? nil : MonotonicClock.now()
        do {
            let replies = try await reported(encode, send)
            metrics.answered(replies.all, since: start)
            return replies
        } catch {
            metrics.unanswered(commands, error)
            throw error
        }
    }

    private func reported(
        _ encode: (inout ByteBuffer) -> Void, _ send: () async throws -> Replies
    ) async throws -> Replies {
        guard let trace = configuration.trace else { return try await send() }
        var copy = ByteBuffer()
        encode(&copy)
        let commands = TracedCommand.words(in: copy)
        let start = ContinuousClock.now
        func report(_ words: [String], _ reply: Reply?, _ error: StreamKitError?) {
            trace.handler(.init(words: words, reply: reply, error: error, duration: start.duration(to: .now)))
        }
        do {
            let replies = try await send()
            for (words, reply) in zip(commands, replies.all) { report(words, reply, nil) }
            return replies
        } catch {
            for words in commands { report(words, nil, error as? StreamKitError) }
            throw error
        }
    }
}
