/// What has to be done after an event: `SessionState` decides it, and `Session` does it.
struct Effects {
    /// Bytes wait, and the socket takes them.
    var write = false
    /// The caller that caused the event writes, and then reads until it has its reply.
    var readInline = false
    /// The reader should go on: no command is complete yet.
    var keepReading = false
    /// Start the attempt to connect that `SessionState.attempt` counts.
    var connect = false
    /// Shut the socket down, so that the reader finds its end.
    var hangUp = false
    /// The socket is of no more use: forget it.
    var dropSocket = false
    /// The session is over: stop checking its deadlines.
    var end = false
    /// What the I/O thread should look for from now on, if that changed.
    var watch: Interest?
    /// Tasks whose wait is over, and what they get.
    var resume: [Resumption] = []

    /// What the I/O thread looks for; it always looks for the end of a socket.
    struct Interest: Equatable {
        var reads = true
        var writes = false
    }

    /// Whether the socket changes, or who reads it; both happen under the session's lock.
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

    /// Resumes the task, unless it went on before.
    func perform() {
        if slot.isAwaited { slot.waiter?.resume(with: outcome) }
    }
}
