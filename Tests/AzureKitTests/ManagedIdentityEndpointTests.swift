import FaultKit
import Foundation
import TestSupport
import Testing

@testable import AzureKit

@Suite("The endpoint of a managed identity", .timeLimit(.minutes(2)))
struct ManagedIdentityEndpointTests {
    private static let answer = #"{"access_token":"t","expires_on":"4102444800","token_type":"Bearer","resource":"r"}"#

    @Test func `Container Apps and Functions are asked as they want to be asked`() async throws {
        try await withReplayServer { _, _ in
            .answer("200 OK", body: Self.answer)
        } _: { server in
            let provider = try LocalIdentity.provider([
                "IDENTITY_ENDPOINT": "http://127.0.0.1:\(server.port)/msi/token", "IDENTITY_HEADER": "h3ader",
                "AZURE_CLIENT_ID": "c1",
            ])

            let token = try await provider.token(for: "https://redis.azure.com")

            #expect(token == AccessToken(value: "t", expires: Date(timeIntervalSince1970: 4_102_444_800)))
            let request = try #require(server.requests.first)
            #expect(request.method == "GET" && request.headers["x-identity-header"] == "h3ader")
            let parts = try #require(URLComponents(string: request.target))
            #expect(parts.path == "/msi/token")
            #expect(
                parts.queryItems == [
                    URLQueryItem(name: "api-version", value: "2019-08-01"),
                    URLQueryItem(name: "resource", value: "https://redis.azure.com"),
                    URLQueryItem(name: "client_id", value: "c1"),
                ])
        }
    }

    @Test func `the metadata service is asked as it wants to be asked`() async throws {
        try await withReplayServer { _, _ in
            .answer("200 OK", body: Self.answer)
        } _: { server in
            let provider = try LocalIdentity.provider([
                "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:\(server.port)", "AZURE_CLIENT_ID": "",
                "PATH": "/nonexistent",
            ])

            #expect(try await provider.token(for: "https://redis.azure.com").value == "t")

            let request = try #require(server.requests.first)
            #expect(request.headers["metadata"] == "true")
            #expect(request.target.hasPrefix("/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https"))
            #expect(!request.target.contains("client_id"))
        }
    }

    @Test(arguments: [
        #"{"access_token":"t","expires_on":4102444800}"#, #"{"access_token":"t","expires_on":"4102444800.0"}"#,
        #"{"accessToken":"t","expiresOn":"2099-12-31 10:00:00.000000","expires_on":4102444800,"tenant":"x"}"#,
    ])
    func `the time of expiry is understood as a number, as a text, and as az writes it`(body: String) throws {
        let response = try JSONDecoder().decode(TokenResponse.self, from: Data(body.utf8))
        #expect(response.token == "t" && response.expires == Date(timeIntervalSince1970: 4_102_444_800))
    }

    @Test(arguments: [404, 408, 410, 429, 500, 503])
    func `an endpoint that is out of order may get well`(status: Int) async throws {
        let error = try await error("\(status) X", "")
        #expect(error.mayPass && error.description.contains("answered \(status)"))
    }

    @Test(arguments: [
        ("400 Bad Request", #"{"error":"invalid_request","error_description":"Identity not found"}"#),
        ("403 Forbidden", #"{"statusCode":403,"message":"Identity not found"}"#), ("401 Unauthorized", "<html>"),
    ])
    func `an identity that is not there is an error that names the setting`(status: String, body: String) async throws {
        let error = try await error(status, body)
        #expect(!error.mayPass && error.description.contains("AZURE_CLIENT_ID"))
        #expect(body == "<html>" || error.description.contains("Identity not found"))
    }

    @Test(arguments: ["", "<html>", "{}", #"{"access_token":"t"}"#, #"{"access_token":7,"expires_on":1}"#])
    func `an answer that is not a token is an error without the answer in it`(body: String) async throws {
        let error = try await error("200 OK", body)
        #expect(error.mayPass && error.description.hasSuffix("is not a token."))
    }

    @Test func `an endpoint that is silent is given up after ten seconds`() async throws {
        let clock = ManualClock()
        try await withReplayServer { _, _ in
            [.waitForClient]
        } _: { server in
            let provider = try endpoint(server, clock.tokens)
            let asking = Task { try await provider.token(for: "r") }
            try await eventually("the endpoint is asked") { server.requests.count == 1 && !clock.sleeps.isEmpty }
            clock.advance(by: .seconds(10))

            let error = await #expect(throws: AzureIdentityError.self) { try await asking.value }
            #expect(error?.description.contains("did not answer within 10.0 seconds") == true)
            try await eventually("the connection is closed") { server.clientsThatLeft == 1 }
        }
    }

    @Test func `without any identity the error names all that was tried`() async throws {
        let gone = try ReplayServer { _, _ in [] }
        gone.stop()
        let source = try AzureIdentity(environment: [
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:\(gone.port)", "PATH": "/nonexistent",
        ])
        let error = await #expect(throws: AzureIdentityError.self) { try await source.token(for: "s") }
        for part in ["IDENTITY_ENDPOINT is not set", "127.0.0.1:\(gone.port)", "'az' is not installed"] {
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "no error")")
        }
    }

    @Test(arguments: [403, 404]) func `another cloud's metadata service is not an identity`(status: Int) async throws {
        try await withReplayServer { _, _ in
            .answer("\(status) X", body: "<html>")
        } _: { server in
            let source = try AzureIdentity(environment: [
                "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:\(server.port)", "PATH": "/nonexistent",
            ])
            let error = await #expect(throws: AzureIdentityError.self) { try await source.token(for: "s") }
            #expect(error?.description.contains("There is no Azure identity here") == true)
        }
    }

    @Test(arguments: ["IDENTITY_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"])
    func `an address that is not a URL is named`(name: String) {
        let error = #expect(throws: AzureIdentityError.self) {
            try AzureIdentity(environment: [name: "not a url", "IDENTITY_HEADER": "h"])
        }
        #expect(error?.description.contains(name) == true)
    }

    private func error(_ status: String, _ body: String) async throws -> AzureIdentityError {
        try await withReplayServer { _, _ in
            .answer(status, body: body)
        } _: { server in
            let provider = try endpoint(server)
            return try #require(await #expect(throws: AzureIdentityError.self) { try await provider.token(for: "r") })
        }
    }

    private func endpoint(_ server: ReplayServer, _ clock: TokenClock = .system) throws -> ManagedIdentityEndpoint {
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/msi/token"))
        return ManagedIdentityEndpoint(identityEndpoint: url, header: "h", clientID: nil, clock: clock)
    }
}
