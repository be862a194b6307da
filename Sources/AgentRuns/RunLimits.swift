/// How many runs may wait for a worker.
public struct RunLimits: Hashable, Sendable {
    /// The most runs that wait at once.
    public var maximumWaiting: Int
    /// The most runs of one caller that wait at once.
    public var maximumWaitingPerCaller: Int

    /// A thousand in all and a hundred per caller, unless told otherwise.
    public init(maximumWaiting: Int = 1_000, maximumWaitingPerCaller: Int = 100) {
        self.maximumWaiting = maximumWaiting
        self.maximumWaitingPerCaller = maximumWaitingPerCaller
    }
}
