public import Foundation

/// Where a model answers, in which language, and what it wants to see first.
public struct ModelEndpoint: Sendable {
    /// The language of an endpoint.
    public enum Dialect: String, Hashable, Sendable {
        /// Chat completions: OpenAI's older interface, which many servers speak.
        case chatCompletions = "chat/completions"
        /// Responses: OpenAI's newer one.
        case responses
    }

    /// The address that requests are posted to.
    public let url: URL
    /// Its language.
    public let dialect: Dialect
    /// What it wants to see.
    public let credential: ModelCredential
    /// Whether it is Azure OpenAI.
    let isAzure: Bool

    /// An endpoint below a base URL, which usually ends with `/v1`.
    ///
    /// - Throws: ``ModelSettingsError`` if it is not an HTTP URL.
    public init(baseURL: String, dialect: Dialect, credential: ModelCredential) throws(ModelSettingsError) {
        self.url = try Self.url(baseURL, path: dialect.rawValue.split(separator: "/").map(String.init))
        self.dialect = dialect
        self.credential = credential
        isAzure = false
    }

    /// A deployment of Azure OpenAI.
    ///
    /// - Parameters:
    ///   - azure: The resource: `https://NAME.openai.azure.com`.
    ///   - deployment: The name of the deployment.
    ///   - apiVersion: The version of the older form, whose address names the deployment; `nil` for `/openai/v1/`.
    ///   - credential: A key for the header `api-key`, or a token.
    /// - Throws: ``ModelSettingsError`` if it is not an HTTP URL.
    public init(
        azure: String, deployment: String, apiVersion: String? = nil, credential: ModelCredential
    ) throws(ModelSettingsError) {
        dialect = .chatCompletions
        self.credential = credential
        isAzure = true
        // People copy the address with and without the path behind it.
        var resource = azure.trimmingCharacters(in: ["/"])
        for ending in ["/v1", "/openai"] where resource.hasSuffix(ending) { resource.removeLast(ending.count) }
        guard let apiVersion, apiVersion != "v1" else {
            url = try Self.url(resource, path: ["openai", "v1", "chat", "completions"])
            return
        }
        url = try Self.url(resource, path: ["openai", "deployments", deployment, "chat", "completions"])
            .appending(queryItems: [URLQueryItem(name: "api-version", value: apiVersion)])
    }

    /// The address for messages, without user, password and query.
    var place: String {
        var parts = URLComponents(url: url, resolvingAgainstBaseURL: false)
        parts?.user = nil
        parts?.password = nil
        parts?.query = nil
        return parts?.string ?? url.host() ?? "the model"
    }

    /// An address below another one, whatever characters the names on the way hold.
    private static func url(_ base: String, path: [String]) throws(ModelSettingsError) -> URL {
        let names = path.map { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", ".", "_"])) }
        var parts = URLComponents(string: base)
        let folder = parts?.percentEncodedPath.trimmingCharacters(in: ["/"]) ?? ""
        parts?.percentEncodedPath =
            "/" + ([folder] + names.compactMap(\.self)).filter { !$0.isEmpty }.joined(separator: "/")
        guard let url = parts?.url, ["http", "https"].contains(url.scheme?.lowercased()), url.host()?.isEmpty == false
        else {
            throw ModelSettingsError("'\(base)' is not the address of a model: write https://HOST or http://HOST:PORT.")
        }
        return url
    }
}
