package import StreamKit

/// The events of a conversation, from a position on, while they happen.
///
/// Ends after the last event of the newest accepted run. Throws ``RunLogError/expired(conversationID:)`` when the
/// log is not or no longer there, ``RunLogError/trimmed(conversationID:)`` in the place of events that were trimmed
/// away, ``RunLogError/damaged(conversationID:field:)`` when nobody can tell how the run stands. Survives lost
/// connections; ends when its task is cancelled.
///
/// A run that was accepted and never enqueued gets its last event from a ``RunWorker`` or a server, or from a program
/// that calls ``AgentRuns/lookAfterWaitingRuns()`` now and then.
public struct RunEvents: AsyncSequence, Sendable {
    /// What the sequence is made of.
    public typealias Element = RunEvent

    let log: RunLog
    let position: StreamPosition
    let isolation: RunIsolation

    /// Begins to follow, at the position given.
    public func makeAsyncIterator() -> Iterator {
        let live = LiveRunEvents(log: log, position: position)
        return Iterator(walk: isolation == .live ? live : CommittedRunEvents(live))
    }

    /// Walks through the events, waiting for those that have not happened yet.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        var walk: any RunWalk

        /// The next event, or `nil` after the last.
        ///
        /// - Throws: ``RunLogError`` if the log was trimmed or is gone, `StreamKitError` if Redis refuses or cannot be
        ///   reached, `CancellationError` if cancelled.
        public mutating func next() async throws -> RunEvent? {
            while true {
                switch try await step(waiting: true) {
                case .event(let event): return event
                case .idle: continue
                case .end: return nil
                }
            }
        }

        /// The next event, or what there is in its place; without `waiting` it says so if nothing more is there.
        package mutating func step(waiting: Bool) async throws -> RunStep {
            try await walk.step(waiting: waiting)
        }

        /// The entry of the next event, if that is there already, without a look at the log.
        package var bufferedID: StreamID? { walk.bufferedID }
    }
}

/// A way through the events of a conversation: as they are written, or once they are sure to count.
protocol RunWalk: Sendable {
    /// The entry of the next event, if that is there already.
    var bufferedID: StreamID? { get }
    /// The next event, or what there is in its place; without `waiting` it says so if nothing more is there.
    mutating func step(waiting: Bool) async throws -> RunStep
}

/// What a follower of a run meets next.
package enum RunStep: Sendable {
    /// Something has happened.
    case event(RunEvent)
    /// Nothing yet; the run goes on.
    case idle
    /// Nothing more can happen.
    case end
}
