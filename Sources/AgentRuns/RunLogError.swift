public import StreamKit

/// Why the log of a run could not be written or followed.
public enum RunLogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another worker has taken the run over. Stop working on it: nothing this worker says counts any more.
    case staleAttempt(attempt: Int, current: Int)
    /// The run already has its last event, of this kind. There is nothing left to do.
    case finished(RunEvent.Kind)
    /// The log is not there: its time to live has passed, or it never existed.
    case expired(conversationID: String)
    /// Entries that the reader has not seen were trimmed away. What can be read next does not join on.
    case trimmed(conversationID: String)
    /// The cursor lies after the newest event, so no event of this conversation can have had that ID.
    case beyondEnd(cursor: StreamID, end: StreamID)
    /// Another run of the conversation has not ended yet, and two answers at once would mix.
    case busy(conversationID: String)
    /// The log is as long as it may be.
    case full(conversationID: String)
    /// A field of the run's state does not hold what it should. Nothing can be written, and nobody can tell how the
    /// run stands.
    case damaged(conversationID: String, field: String)
    /// As many runs wait for a worker as may wait, in all or of one caller.
    case tooManyWaiting(Int, ofCaller: Bool)
    /// No such call waits for a person's decision.
    case unknownCall
    /// A person has decided about this call already.
    case decided
    /// Two writers of one attempt are at work, which the queue should never allow.
    case outOfOrder(expected: Int, sent: Int)

    /// What happened and what to do next.
    public var description: String {
        switch self {
        case .staleAttempt(let attempt, let current):
            "Attempt \(attempt) is no longer in charge: attempt \(current) has taken this run over. Stop working on it."
        case .finished(let kind):
            "This run has already ended with \(kind.rawValue). Nothing can be added to it."
        case .expired(let id):
            "There is no log of conversation \(id): it expired or never existed. Start a new run."
        case .trimmed(let id):
            "The log of conversation \(id) was trimmed past your cursor. Read it again from the start."
        case .beyondEnd(let cursor, let end):
            "Cursor \(cursor) lies beyond the end of this conversation, which is \(end). Send the ID of an event you "
                + "received."
        case .busy(let id):
            "Conversation \(id) is still being answered. Wait for the end, or cancel what is being written."
        case .full(let id):
            "The log of conversation \(id) is as long as it may be. Ask for a shorter answer, or start a new conversation."
        case .damaged(let id, let field):
            "The state of conversation \(id) is damaged: field '\(field)' does not hold what it should. Start a new "
                + "conversation."
        case .tooManyWaiting(let count, let ofCaller):
            "\(count) prompts\(ofCaller ? " of yours" : "") wait for a worker already. Try again later."
        case .unknownCall:
            "No such call waits for a decision. Use the run and the call of an approval_requested event; its time may "
                + "be over."
        case .decided:
            "This call has been decided already. Read the conversation to see how."
        case .outOfOrder(let expected, let sent):
            "Entry \(sent) of this attempt arrived where \(expected) was due. Use one writer per attempt."
        }
    }
}
