/// The models that can be chosen by a word.
public enum ModelKind: String, CaseIterable, Hashable, Sendable {
    /// No model: a script that needs neither key nor network.
    case scripted
    /// Chat completions of OpenAI, or of a server that speaks the same: Ollama, llama.cpp, vLLM, LiteLLM.
    case openai
    /// OpenAI's Responses.
    case responses
    /// A deployment of Azure OpenAI.
    case azure

    /// The kind with this name.
    ///
    /// - Throws: ``ModelSettingsError`` that lists those there are.
    public init(named name: String) throws(ModelSettingsError) {
        guard let kind = Self(rawValue: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw ModelSettingsError("There is no model '\(name.prefix(40))'. There are: \(names).")
        }
        self = kind
    }
}
