import AgentKit

extension TravelPlanner {
    /// A planner on the model with this name, which takes its settings from the environment and `.env`.
    ///
    /// - Parameter model: `scripted`, `openai`, `responses` or `azure`.
    /// - Throws: `ModelSettingsError` that says which model name is unknown, or which setting is missing.
    public init(modelNamed model: String) throws {
        let kind = try ModelKind(named: model)
        self.init(model: try ModelSettings().model(kind, scripted: ScriptedModel()))
    }
}
