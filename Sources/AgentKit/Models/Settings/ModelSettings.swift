import AzureKit
import Configuration
public import Foundation

/// Makes models from settings: those of the environment, and under them those of a file `.env`.
///
/// The names are the ones that OpenAI's and Azure's own tools use; `.env.example` explains each. What is empty counts
/// as not set. Keys go into the model's requests and nowhere else.
public struct ModelSettings: Sendable, CustomReflectable {
    private let reader: ConfigReader
    private let environment: [String: String]

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - environment: The environment, which counts for more than the file.
    ///   - file: The file, which may be missing.
    /// - Throws: ``ModelSettingsError`` if the file cannot be understood.
    public init(
        environment: [String: String] = ProcessInfo.processInfo.environment, file: String = ".env"
    ) throws {
        let both = [environment, try DotEnvFile(path: file).values]
        self.environment = both[0].merging(both[1]) { first, _ in first.isEmpty ? "" : first }
        reader = ConfigReader(
            providers: both.map { values in
                EnvironmentVariablesProvider(
                    environmentVariables: values.filter { !$0.value.isEmpty },
                    secretsSpecifier: .dynamic { name, _ in name.contains("KEY") || name.contains("TOKEN") })
            })
    }

    /// Makes a model.
    ///
    /// - Parameters:
    ///   - kind: Which.
    ///   - scripted: The model that needs no settings.
    /// - Returns: The model; that it can be reached shows only when it is asked.
    /// - Throws: ``ModelSettingsError`` that names the setting which is missing or wrong.
    public func model(_ kind: ModelKind, scripted: @autoclosure () -> any ChatModel) throws -> any ChatModel {
        switch kind {
        case .scripted: scripted()
        case .openai: try openAI(.chatCompletions)
        case .responses: try openAI(.responses)
        case .azure: try azure()
        }
    }

    /// A secret of another part of the program, by its name in small letters with dots; `nil` if it is not set.
    package func secret(_ key: String) -> String? { reader.string(forKey: ConfigKey(key), isSecret: true) }

    private func openAI(_ dialect: ModelEndpoint.Dialect) throws -> RemoteModel {
        let name = try required("openai.model", "the name of a model that the service has")
        let key = try key("openai.api.key")
        let baseURL = reader.string(forKey: "openai.base.url") ?? Self.openAIBaseURL
        if key == nil, baseURL == Self.openAIBaseURL {
            throw ModelSettingsError(
                "OPENAI_API_KEY is not set. Set it in the environment or in .env, or set OPENAI_BASE_URL to a server "
                    + "that needs no key, such as Ollama's http://127.0.0.1:11434/v1.")
        }
        let endpoint = try ModelEndpoint(
            baseURL: baseURL, dialect: dialect, credential: key.map { .bearer($0) } ?? .none)
        return RemoteModel(name: name, endpoint: endpoint, options: try options)
    }

    private func azure() throws -> RemoteModel {
        let resource = try required("azure.openai.endpoint", "https://NAME.openai.azure.com")
        let deployment = try required("azure.openai.chat.deployment.name", "the name of a deployment of a chat model")
        let key = try key("azure.openai.api.key")
        let endpoint = try ModelEndpoint(
            azure: resource, deployment: deployment, apiVersion: reader.string(forKey: "azure.openai.api.version"),
            credential: try key.map { .apiKey($0) } ?? identity)
        return RemoteModel(name: deployment, endpoint: endpoint, options: try options)
    }

    /// Without a key the process itself has an identity, or the person at the keyboard has.
    private var identity: ModelCredential {
        get throws {
            .token(
                try AzureIdentity(environment: environment),
                scope: reader.string(forKey: "azure.openai.scope", default: ModelCredential.azureScope))
        }
    }

    private var options: ModelOptions {
        get throws {
            ModelOptions(
                temperature: try number("openai.temperature", "a number") {
                    Double($0).flatMap { $0.isFinite ? $0 : nil }
                },
                maximumTokens: try number("openai.max.completion.tokens", "a whole number of 1 or more") {
                    Int($0).flatMap { $0 > 0 ? $0 : nil }
                },
                reasoningEffort: reader.string(forKey: "openai.reasoning.effort"))
        }
    }

    private func number<Number>(_ key: String, _ what: String, _ parse: (String) -> Number?) throws -> Number? {
        guard let text = reader.string(forKey: ConfigKey(key)) else { return nil }
        guard let number = parse(text) else {
            throw ModelSettingsError("\(Self.name(of: key)) is '\(text.prefix(40))', which is not \(what).")
        }
        return number
    }

    /// A key, without the blanks and line breaks that were copied with it.
    private func key(_ name: String) throws -> String? {
        let key = reader.string(forKey: ConfigKey(name), isSecret: true)?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard let key, !key.isEmpty else { return nil }
        guard ModelCredential.canBeSent(key) else {
            throw ModelSettingsError(
                "\(Self.name(of: name)) holds a blank, a line break or a letter that no key has. Copy it again.")
        }
        return key
    }

    private func required(_ key: String, _ what: String) throws -> String {
        guard let value = reader.string(forKey: ConfigKey(key)) else {
            throw ModelSettingsError("\(Self.name(of: key)) is not set. Set it in the environment or in .env: \(what).")
        }
        return value
    }

    /// Does not show what the settings are: some are secrets.
    public var customMirror: Mirror { Mirror(self, children: []) }

    private static func name(of key: String) -> String { key.uppercased().replacing(".", with: "_") }

    private static let openAIBaseURL = "https://api.openai.com/v1"
}
