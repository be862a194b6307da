public import AgentKit

extension TravelPlanner {
    /// A planner on a model that takes its settings from the environment and `.env`.
    ///
    /// - Throws: `ModelSettingsError` that says which setting is missing.
    public init(_ kind: ModelKind) throws {
        self.init(model: try ModelSettings().model(kind, scripted: ScriptedModel()))
    }
}
