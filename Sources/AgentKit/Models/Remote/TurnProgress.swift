/// What of a turn was told already, by this request or by one before it.
struct TurnProgress {
    /// Whether a part of the answer is out, so that asking again would say it twice.
    private(set) var hasAnswer = false
    private var notices: Set<ModelNotice> = []

    /// Whether a delta is to be told; a notice of an earlier request is not told again.
    mutating func isNew(_ delta: ChatDelta) -> Bool {
        if case .notice(let notice) = delta { return notices.insert(notice).inserted }
        hasAnswer = true
        return true
    }
}
