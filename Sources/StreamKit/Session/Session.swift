import Logging
import Synchronization

/// One connection to Redis, shared by any number of tasks: commands go out in order, replies come back in order.
///
/// A caller encodes its command into the shared buffer under a short lock, and its task suspends. If nothing is under
/// way, it writes to the socket itself, and may even read the reply itself (`InlineReads`). Otherwise its bytes go out
/// with everybody else's, in one `write`, when the next reply arrives: that makes many tasks on one connection fast.
///
/// `SessionState` decides what happens. This class is the shell around it: it owns the lock, the socket and the
/// clock, passes events to it and performs the effects.
final class Session: Sendable {
    /// Opens a connection and reports the result, once, on any thread.
    typealias Connect =
        @Sendable (
            RedisConfiguration, _ done: @escaping @Sendable (Result<Link, StreamKitError>) -> Void
        ) -> Void

    struct Guarded: ~Copyable {
        var state: SessionState
        var link: Link?
        /// What the server calls this connection, or called the last one.
        var identity: ClientIdentity?
    }

    let configuration: RedisConfiguration
    /// The configured time for a command in nanoseconds; converting a `Duration` takes longer than encoding a command.
    let commandTimeout: UInt64
    /// Tells this session from all others of the process.
    let number = Tickets.next()
    let guarded: Mutex<Guarded>
    let address: String
    /// Which of a provider's credentials this connection was opened with, or was given since.
    let credentialGeneration = Atomic<UInt64>(0)
    let openConnection: Connect

    init(
        _ configuration: RedisConfiguration, idleTimeout: Duration? = nil,
        connect: @escaping Connect = Connector.connect
    ) {
        self.configuration = configuration
        address = "\(configuration)"
        openConnection = connect
        commandTimeout = configuration.timeouts.command.nanoseconds
        guarded = Mutex(Guarded(state: SessionState(.init(configuration, idleTimeout: idleTimeout))))
    }

    /// Sends the `replyCount` commands that `encode` writes in place, and waits for their replies.
    ///
    /// A `timeout`, in nanoseconds, of `nil` waits forever.
    func send(
        replyCount: Int = 1, timeout: UInt64?, _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Replies {
        let ticket = Tickets.next()
        let deadline = timeout.map(MonotonicClock.deadline) ?? .max
        // Nearly every command needs none, and saves the memory.
        let batch = replyCount == 1 ? nil : BatchReplies(expecting: replyCount)
        return try await withTaskCancellationHandler {
            while true {
                let replies = try await withUnsafeThrowingContinuation { waiter in
                    submit(CommandSlot(ticket: ticket, deadline: deadline, waiter: waiter, batch: batch), encode)
                }
                // A caller that was admitted submits again, and nothing must come in between: see `Admission`.
                guard case .admitted = replies else { return replies }
            }
        } onCancel: {
            handle { $0.cancel(ticket) }
        }
    }

    private func submit(_ slot: CommandSlot, _ encode: (inout ByteBuffer) -> Void) {
        var attempt: UInt64 = 0
        let effects = handle { state in
            attempt = state.attempt
            // It looks under the lock: a task that is cancelled later than this finds its command.
            return state.submit(slot, isCancelled: Task.isCancelled, MonotonicClock.now, encode)
        }
        if effects.readInline { readInline(attempt) }
    }

    /// Ends the session; commands that wait get ``StreamKitError/closed``.
    func close() {
        handle { $0.close() }
    }

    /// Ends the present socket, so that the next command finds out which server answers at the address.
    func leave() {
        handle { $0.leave(MonotonicClock.now()) }
    }

    func tick(_ now: UInt64) {
        handle { $0.tick(now) }
    }

    // MARK: The shell

    /// Passes one event to the state, and performs the effects.
    @discardableResult
    @inline(__always)
    func handle(_ event: (inout SessionState) -> Effects) -> Effects {
        var dropped: Link?
        let effects = guarded.withLock { guarded in
            let effects = event(&guarded.state)
            if effects.concernsSocket { dropped = changeSocket(effects, &guarded) }
            return effects
        }
        perform(effects, dropped)
        return effects
    }

    /// It runs under the lock, because two such changes must not overtake each other.
    private func changeSocket(_ effects: Effects, _ guarded: inout Guarded) -> Link? {
        if let interest = effects.watch, let link = guarded.link, !effects.dropSocket {
            IOThread.shared.sockets.update(link.descriptor, number, reads: interest.reads, writes: interest.writes)
        }
        if effects.connect { IOThread.shared.add(self) }
        if effects.end { IOThread.shared.remove(self) }
        guard effects.dropSocket else { return nil }
        defer { guarded.link = nil }
        return guarded.link
    }

    func perform(_ effects: Effects, _ dropped: Link?) {
        if let dropped {
            IOThread.shared.sockets.remove(dropped.descriptor)
            dropped.shutDown()
            configuration.observability.logger.debug("disconnected", metadata: ["redis": "\(address)"])
        }
        if effects.hangUp { link?.shutDown() }
        if effects.connect { connect() }
        // It writes before it resumes anybody, so that the server has something to do meanwhile.
        if effects.write { flush() }
        for resumption in effects.resume { resumption.perform() }
    }
}
