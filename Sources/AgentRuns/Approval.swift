/// The wish to use a tool that needs a person's word.
public struct ApprovalRequest: Hashable, Sendable {
    /// Which call of the run, for example `1-0`; the decision names it.
    public let call: String
    /// The event's details: one JSON object, already encoded.
    public let data: String

    /// A wish.
    public init(call: String, data: String) {
        self.call = call
        self.data = data
    }
}

/// Gives a run back until a person has decided; thrown by a worker's handler.
///
/// No process waits meanwhile. The run goes on, in another attempt, wherever a worker is free.
public struct RunPause: Error, Hashable, Sendable {
    /// What is to be decided and is not in the log yet.
    public let requests: [ApprovalRequest]
    /// After this time without a decision the calls are rejected.
    public let limit: Duration

    /// A pause.
    public init(_ requests: [ApprovalRequest], limit: Duration) {
        self.requests = requests
        self.limit = limit
    }
}

/// What was decided about the use of a tool: the details of an event of kind ``RunEvent/Kind/approvalDecided``.
public struct ApprovalDecision: Codable, Hashable, Sendable {
    /// Whether the tool may be used.
    public enum Verdict: String, Codable, Hashable, Sendable {
        /// It may.
        case approved
        /// It must not.
        case rejected
    }

    /// Which call of the run.
    public let call: String
    /// Whether the tool may be used.
    public let decision: Verdict
    /// Why, in the person's words.
    public let comment: String?

    /// A decision.
    public init(call: String, _ decision: Verdict, comment: String? = nil) {
        self.call = call
        self.decision = decision
        self.comment = comment
    }
}
