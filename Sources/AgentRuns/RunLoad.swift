/// How many runs wait for a worker, and how many are being worked on.
public struct RunLoad: Hashable, Sendable {
    /// Runs that were accepted and that no worker has begun.
    public let waiting: Int
    /// Runs in workers' hands.
    public let running: Int
}
