/// What is to be done after an event: `SessionState` decides it, `Session` does it.
struct Effects {
    /// Bytes wait, and the socket takes them.
    var write = false
    /// Whoever caused the event writes, then reads the reply itself, and goes on until it has it.
    var readInline = false
    /// Whoever reads is to go on: no command is complete yet.
    var keepReading = false
    /// Start the attempt to connect that `SessionState.attempt` counts.
    var connect = false
    /// End the socket, so that its end is read in due course.
    var hangUp = false
    /// The socket is of no use any more: forget it.
    var dropSocket = false
    /// The session is over: no deadline is to be looked at any more.
    var end = false
    /// What the I/O thread is to look for from now on, where that changed.
    var watch: Interest?
    /// Tasks whose wait is over, and what they get.
    var resume: [Resumption] = []

    /// What the I/O thread looks for; the end of a socket it looks for always.
    struct Interest: Equatable {
        var reads = true
        var writes = false
    }

    /// Whether the socket, or who looks at it, changes; that happens under the session's lock.
    var concernsSocket: Bool { watch != nil || connect || dropSocket || end }

    mutating func resume(_ slot: CommandSlot, throwing error: any Error) {
        resume.append(Resumption(slot: slot, outcome: .failure(error)))
    }

    mutating func resume(_ slots: some Sequence<CommandSlot>, throwing error: StreamKitError) {
        for slot in slots { resume(slot, throwing: error) }
    }
}

/// A command that ended, and how.
struct Resumption {
    let slot: CommandSlot
    let outcome: Result<Replies, any Error>

    /// Resumes the task, or tells whoever takes late replies.
    func perform() {
        if slot.isAwaited {
            slot.waiter?.resume(with: outcome)
        } else if let handler = slot.extra?.lateReplyHandler {
            handler(outcome.map(\.all).mapError { $0 as? StreamKitError ?? .closed })
        }
    }
}
