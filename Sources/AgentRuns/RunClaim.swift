/// A request as its sender's key stands for it, so that a repeat of the request finds the run of the first.
public struct RunClaim: Codable, Hashable, Sendable {
    /// What was asked, with the names of the run.
    public let request: RunRequest
    /// Whether the sender named the conversation.
    public let isContinued: Bool
    /// The newest event of the conversation before this run, if it was continued.
    public let cursor: String?

    /// A claim for a request.
    public init(request: RunRequest, isContinued: Bool, cursor: String?) {
        self.request = request
        self.isContinued = isContinued
        self.cursor = cursor
    }

    /// Whether both ask the same agent the same thing in the same place.
    public func asksTheSame(as other: RunClaim) -> Bool {
        request.agent == other.request.agent && request.message == other.request.message
            && isContinued == other.isContinued
            && (!isContinued || request.conversationID == other.request.conversationID)
    }
}
