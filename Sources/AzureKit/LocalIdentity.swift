import Foundation
import Synchronization

/// Finds the provider of this machine: the instance metadata service, or `az`.
///
/// The first token decides, and later ones come from the same place.
final class LocalIdentity: TokenProvider {
    private let metadata: any TokenProvider
    private let commandLine: any TokenProvider
    private let chosen = Mutex<(any TokenProvider)?>(nil)

    init(metadata: any TokenProvider, commandLine: any TokenProvider) {
        self.metadata = metadata
        self.commandLine = commandLine
    }

    /// The provider that the environment names.
    static func provider(_ environment: [String: String]) throws -> any TokenProvider {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        func url(_ name: String) throws -> URL? {
            guard let text = value(name) else { return nil }
            guard let url = URL(string: text), url.host() != nil else {
                throw AzureIdentityError.refused("\(name) is '\(text)', which is not a URL.")
            }
            return url
        }
        let clientID = value("AZURE_CLIENT_ID")
        if let endpoint = try url("IDENTITY_ENDPOINT"), let header = value("IDENTITY_HEADER") {
            return ManagedIdentityEndpoint(identityEndpoint: endpoint, header: header, clientID: clientID)
        }
        // Microsoft's own libraries take another address from the same name.
        let host = try url("AZURE_POD_IDENTITY_AUTHORITY_HOST") ?? URL(string: "http://169.254.169.254")
        guard let host else { return AzureCommandLine(environment: environment) }
        var metadata = ManagedIdentityEndpoint(instanceMetadata: host, clientID: clientID)
        metadata.limit = .seconds(2)
        return LocalIdentity(metadata: metadata, commandLine: AzureCommandLine(environment: environment))
    }

    func token(for resource: String) async throws -> AccessToken {
        if let known = chosen.withLock({ $0 }) { return try await token(for: resource, from: known) }
        var reasons: [String] = []
        for provider in [metadata, commandLine] {
            do {
                let token = try await provider.token(for: resource)
                chosen.withLock { $0 = provider }
                return token
            } catch AzureIdentityError.noIdentity(let reason) {
                reasons.append(reason)
            }
        }
        throw AzureIdentityError.noIdentity(
            "There is no Azure identity here. IDENTITY_ENDPOINT is not set. " + reasons.joined(separator: " "))
    }

    /// A provider that once gave a token is only unavailable for a while.
    private func token(for resource: String, from known: any TokenProvider) async throws -> AccessToken {
        do {
            return try await known.token(for: resource)
        } catch AzureIdentityError.noIdentity(let reason) {
            throw AzureIdentityError.unavailable(reason)
        }
    }
}
