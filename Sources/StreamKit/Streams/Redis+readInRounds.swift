// How every blocking read waits: in rounds that the server has to answer.
extension Redis {
    /// Repeats a read until it brings something or the wait is over.
    ///
    /// A long wait consists of rounds, each of which the server has to answer. So a server or a network that
    /// died silently is noticed.
    func readInRounds<Entries: Collection>(
        repeatable: Bool, wait: ReadWait,
        decode: (Reply) throws -> Entries, _ encode: (inout ByteBuffer, ReadWait) -> Void
    ) async throws -> Entries {
        guard wait != .no else { return try await decode(execute(repeatable: repeatable) { encode(&$0, .no) }) }
        let end = wait.duration.map { ContinuousClock.now + $0 }
        let longest = configuration.timeouts.longestBlock
        var rest = wait.duration
        var hasty = 0
        while true {
            let round = min(rest ?? longest, longest)
            let start = ContinuousClock.now
            let reply = try await executeBlocking(repeatable: repeatable, delivery: !repeatable, wait: .atMost(round)) {
                encode(&$0, .atMost(round))
            }
            let entries = try decode(reply)
            if !entries.isEmpty { return entries }
            rest = end.map { ContinuousClock.now.duration(to: $0) }
            if let rest, rest <= .zero { return entries }
            guard start.duration(to: .now) < round / 2 else {
                hasty = 0
                continue
            }
            // A server that does not wait would be asked thousands of times a second.
            hasty += 1
            let pause = RetryBackoff(initial: .milliseconds(20), maximum: .seconds(1)).delay(afterFailures: hasty)
            try await Task.sleep(for: min(pause, rest ?? pause))
        }
    }
}
