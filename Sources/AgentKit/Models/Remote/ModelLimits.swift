/// How long a turn of a model may take, and how often it is asked again.
public struct ModelLimits: Hashable, Sendable {
    /// How long the first token may take, from the request on.
    ///
    /// Models that think show nothing while they do.
    public var firstToken = Duration.seconds(120)
    /// How long each further token may take.
    public var nextToken = Duration.seconds(30)
    /// How long the turn may take, pauses between requests included.
    public var turn = Duration.seconds(600)
    /// How often a request is sent again after an error that may pass, as long as nothing of an answer came.
    public var retries = 3
    /// The pause before the first repeat, doubled for each further one, if the service names none.
    public var firstPause = Duration.milliseconds(500)
    /// The longest pause that a service may ask for; a longer one is an error, and the worker is free for others.
    public var longestPause = Duration.seconds(60)

    /// The defaults, for changing.
    public init() {}

    /// How long to wait before a repeat.
    ///
    /// - Returns: `nil` if the service wants to be left alone for too long.
    func pause(after error: ModelError, failures: Int, chance: Double = .random(in: 0.75...1.25)) -> Duration? {
        guard let asked = error.retryAfter else {
            return min(firstPause * (1 << min(failures, 10)), longestPause) * chance
        }
        return asked <= longestPause ? asked : nil
    }
}
