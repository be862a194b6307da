/// How much one run of an agent may take; a run that needs more ends with words for the user.
public struct AgentLimits: Sendable {
    /// How often the model is asked; one that still wants tools after that is going in circles.
    public var turns = 8
    /// How many tokens the model reads and writes, as its service counts them.
    public var tokens = 1_000_000
    /// How long a run is worked on, all attempts together.
    ///
    /// The time in which no worker has it does not count.
    public var time = Duration.seconds(600)
    /// How long one call of a tool takes.
    public var toolTime = Duration.seconds(60)
    /// How many bytes of JSON the result of a tool has.
    public var toolResultSize = 200_000
    /// How long a person has to approve a call of a tool; after that it is rejected.
    public var approvalTime = Duration.seconds(900)
    /// How many characters of earlier messages the model reads; a longer history is summed up first.
    public var history = 50_000
    /// Measures the times.
    public var clock: any Clock<Duration> = ContinuousClock()

    /// The limits as they stand, to be changed one by one.
    public init() {}
}
