import Synchronization

/// What a model has said and the log does not hold yet.
///
/// Text that comes before the text in front of it has left is joined to it, so a fast model costs few entries and a
/// slow one is not delayed.
final class UnwrittenDeltas: Sendable {
    private let deltas = Mutex<[ChatDelta]>([])
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// An entry of this size is long enough, in bytes.
    private static let enough = 16_384

    init() {
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ delta: ChatDelta) {
        deltas.withLock { deltas in
            if case .text(let text) = delta, case .text(let before)? = deltas.last, before.utf8.count < Self.enough {
                deltas[deltas.count - 1] = .text(before + text)
            } else {
                deltas.append(delta)
            }
        }
        signal.yield()
    }

    /// Says that nothing more comes.
    func finish() { signal.finish() }

    /// Takes out one after the other until there are no more and none can come.
    func forEach(_ body: (ChatDelta) async throws -> Void) async throws {
        for await _ in signals {
            while let delta = next() { try await body(delta) }
        }
        try Task.checkCancellation()
        while let delta = next() { try await body(delta) }
    }

    private func next() -> ChatDelta? {
        deltas.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
