import AgentRuns
import StreamKit

/// Turns the events of a run into the bytes of a response body.
protocol EventFraming: Sendable {
    /// The end of a run, if that was the newest event.
    var lastEvent: RunEvent? { get }
    /// What comes first. It also makes the server send the headers off.
    mutating func start() -> [UInt8]
    /// Notes how the text ends that the next event goes on after, where an attempt has taken text back.
    mutating func goOn(after text: LineBreakJoiner)
    /// What one event adds; nothing, for an event that this format does not show.
    mutating func bytes(for event: RunEvent) -> [UInt8]
    /// What shows that the connection is alive.
    mutating func ping() -> [UInt8]
    /// What comes last, when the newest run is over; `repeated` is its last event if the viewer resumed behind that.
    mutating func end(_ repeated: RunEvent?) -> [UInt8]
    /// What comes last, when the log cannot be followed for now.
    mutating func interruption(_ message: String) -> [UInt8]
    /// What comes last, when the log can no longer be followed.
    mutating func failure(_ message: String) -> [UInt8]
    /// What tells that events are missing; ``failure(_:)`` follows.
    func gap(_ gap: StreamGap) -> [UInt8]
}

extension EventFraming {
    mutating func goOn(after text: LineBreakJoiner) {}

    func gap(_ gap: StreamGap) -> [UInt8] { [] }
}

extension RunEvent {
    /// What the reader of an answer is told of an end that is not a good one.
    var failureMessage: String? {
        switch kind {
        case .taskFailed: error ?? "The run failed."
        case .taskCancelled: error ?? "The run was cancelled."
        default: nil
        }
    }

    /// What the event adds to the answer.
    ///
    /// Other programs put the last words and the end into one entry, so an end may have text as well.
    var words: String? {
        kind == .text || isLast ? text : nil
    }
}
