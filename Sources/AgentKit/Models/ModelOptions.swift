/// What a request asks of a model beside the conversation; what is `nil` is left to the service.
public struct ModelOptions: Hashable, Sendable {
    /// How much chance there is in the answer.
    ///
    /// Newer models accept no temperature.
    public var temperature: Double?
    /// How many tokens the model may write in one turn, those of its thoughts included.
    public var maximumTokens: Int?
    /// How long the model thinks: `none`, `low`, `medium`, `high`.
    ///
    /// Newer models refuse tools with anything but `none` on chat completions.
    public var reasoningEffort: String?

    /// Options, none of them set unless given.
    public init(temperature: Double? = nil, maximumTokens: Int? = nil, reasoningEffort: String? = nil) {
        self.temperature = temperature
        self.maximumTokens = maximumTokens
        self.reasoningEffort = reasoningEffort
    }
}
