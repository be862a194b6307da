/// Who answers a request: a model, its instructions and its tools.
public protocol Agent: Sendable {
    /// What requests call it, for example `TravelPlanner`.
    var name: String { get }
    /// What the model is told to be and to do.
    var instructions: String { get }
    /// The model that thinks and writes.
    var model: any ChatModel { get }
    /// What the model may use.
    var tools: [any Tool] { get }
    /// How much one run may take.
    var limits: AgentLimits { get }
    /// Who hears what the model says, beside the log.
    var callbacks: [any AgentCallback] { get }
}

extension Agent {
    /// The limits that ``AgentLimits`` begins with.
    public var limits: AgentLimits { AgentLimits() }
    /// Nobody but the log.
    public var callbacks: [any AgentCallback] { [] }
}
