/// How long a read waits for something to come.
public enum ReadWait: Sendable, Hashable {
    /// Answer at once, with what is there.
    case no
    /// Wait at most so long; then the answer is empty.
    case atMost(Duration)
    /// Wait until something comes or the task is cancelled.
    case forever
}
