/// How long a read waits for entries.
public enum ReadWait: Sendable, Hashable {
    /// Answer at once, with what is there.
    case no
    /// Wait at most this long; then the answer is empty.
    case atMost(Duration)
    /// Wait until something comes or the task is cancelled.
    case forever

    /// The length of the wait; `nil` if it has no limit.
    var duration: Duration? {
        switch self {
        case .no: .zero
        case .atMost(let duration): duration
        case .forever: nil
        }
    }
}
