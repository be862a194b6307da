import AsyncHTTPClient
package import Foundation
import NIOCore
import NIOHTTP1

/// An HTTP endpoint beside the process that gives tokens of a managed identity.
package struct ManagedIdentityEndpoint: TokenProvider {
    let url: URL
    let headers: [(String, String)]
    let apiVersion: String
    let clientID: String?
    var limit = Duration.seconds(10)
    /// Whether an endpoint certainly exists there; if not, silence means that there is no identity.
    let isCertain: Bool
    var clock = TokenClock.system

    /// The endpoint of Container Apps and Functions.
    ///
    /// Source: <https://learn.microsoft.com/azure/container-apps/managed-identity#rest-endpoint-reference>
    package init(identityEndpoint: URL, header: String, clientID: String?, clock: TokenClock = .system) {
        url = identityEndpoint
        headers = [("X-IDENTITY-HEADER", header)]
        apiVersion = "2019-08-01"
        isCertain = true
        self.clientID = clientID
        self.clock = clock
    }

    /// The instance metadata service of virtual machines.
    ///
    /// Source: <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>
    package init(instanceMetadata host: URL, clientID: String?, clock: TokenClock = .system) {
        url = host.appending(path: "metadata/identity/oauth2/token")
        headers = [("Metadata", "true")]
        apiVersion = "2018-02-01"
        isCertain = false
        self.clientID = clientID
        self.clock = clock
    }

    package func token(for resource: String) async throws -> AccessToken {
        let answer: (status: Int, body: Data)?
        do {
            answer = try await clock.within(limit) { try await get(resource) }
        } catch let error where !(error is CancellationError) {
            throw unreachable("\(place) cannot be reached: \(error).")
        }
        guard let (status, body) = answer else {
            throw unreachable("\(place) did not answer within \(limit).")
        }
        guard status == 200 else { throw refusal(status, body) }
        guard let response = try? JSONDecoder().decode(TokenResponse.self, from: body) else {
            throw AzureIdentityError.unavailable("\(place) answered with something that is not a token.")
        }
        return AccessToken(value: response.token, expires: response.expires)
    }

    private func unreachable(_ reason: String) -> AzureIdentityError {
        isCertain ? .unavailable(reason) : .noIdentity(reason)
    }

    private func get(_ resource: String) async throws -> (Int, Data) {
        var items = [
            URLQueryItem(name: "api-version", value: apiVersion), URLQueryItem(name: "resource", value: resource),
        ]
        if let clientID { items.append(URLQueryItem(name: "client_id", value: clientID)) }
        var request = HTTPClientRequest(url: url.appending(queryItems: items).absoluteString)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, deadline: .distantFuture)
        let body = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), Data(body.readableBytesView))
    }

    private func refusal(_ status: Int, _ body: Data) -> AzureIdentityError {
        struct Body: Decodable {
            var message: String?
            var errorDescription: String?
            enum CodingKeys: String, CodingKey {
                case message
                case errorDescription = "error_description"
            }
        }
        let body = try? JSONDecoder().decode(Body.self, from: body)
        let reason = body?.errorDescription ?? body?.message
        let text = "\(place) answered \(status)\(reason.map { ": \($0.prefix(300))" } ?? "")."
        // Other clouds and proxies answer at the metadata service's address, too.
        if !isCertain, reason == nil { return .noIdentity(text) }
        // 404 and 410 mean that the service is being updated.
        if [404, 408, 410, 429].contains(status) || status >= 500 { return .unavailable(text) }
        let identity = clientID.map { "Is \($0) (AZURE_CLIENT_ID) the client ID of an identity that is assigned here?" }
        return .refused("\(text) \(identity ?? "A user-assigned identity has to be named: set AZURE_CLIENT_ID.")")
    }

    private var place: String { "The identity endpoint at \(url.host() ?? "?"):\(url.port ?? 80)" }
}
