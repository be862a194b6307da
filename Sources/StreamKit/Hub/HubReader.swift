import Synchronization

/// Reads one stream through a hub: from the hub's window, from Redis what is older, and waits with all others.
final class HubReader: EntryReader {
    private let hub: StreamHub
    private let key: String
    private let position = Mutex(StreamID.zero)

    init(_ hub: StreamHub, _ key: String) {
        (self.hub, self.key) = (hub, key)
        hub.state.withLock { $0.join(key) }
    }

    deinit {
        hub.state.withLock { $0.leave(key) }?()
    }

    func read(after id: StreamID, limit: Int?, wait: ReadWait) async throws -> [StreamEntry] {
        let deadline = wait.duration.map { ContinuousClock.now + $0 }
        if goesBack(to: id) {
            for waiter in hub.state.withLock({ $0.distrustWindow(of: key) }) { waiter.continuation.resume() }
        }
        while true {
            switch hub.state.withLock({ $0.look(key, after: id, limit: limit ?? .max) }) {
            case .entries(let entries):
                return entries
            case .nothing where wait != .no:
                if let deadline, deadline <= .now { return [] }
                try await waitForNews(after: id, until: deadline)
            case .nothing, .unknown:
                let entries = try await hub.redis.stream(key).read(after: id, limit: limit)
                if !entries.isEmpty || wait == .no { return entries }
                hub.begin(key, at: id)
            }
        }
    }

    /// Whether the follower starts over, because the stream was deleted or set back.
    private func goesBack(to id: StreamID) -> Bool {
        position.withLock { position in
            defer { position = id }
            return id < position
        }
    }

    /// Returns when there is something to read, or the time is up.
    private func waitForNews(after id: StreamID, until deadline: ContinuousClock.Instant?) async throws {
        let ticket = Tickets.next()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let waiter = HubState.Waiter(position: id, deadline: deadline, continuation: continuation)
                let waits = hub.state.withLock { state in
                    !Task.isCancelled && state.wait(ticket, key, waiter)
                }
                if !waits { continuation.resume(with: Task.isCancelled ? .failure(CancellationError()) : .success(())) }
            }
        } onCancel: {
            let waiter = hub.state.withLock { $0.stopWaiting(ticket, key) }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }
}
