import AzureKit
import Foundation
import Testing

@testable import AgentKit

@Suite("The address of a model")
struct ModelEndpointTests {
    @Test(arguments: [
        "https://n.openai.azure.com", "https://n.openai.azure.com/", "https://n.openai.azure.com/openai",
        "https://n.openai.azure.com/openai/v1", "https://n.openai.azure.com/openai/v1/",
    ])
    func `Azure's is below the resource, however much of the path was copied`(resource: String) throws {
        for version in [nil, "v1"] {
            let endpoint = try ModelEndpoint(azure: resource, deployment: "d", apiVersion: version, credential: .none)
            #expect(endpoint.url.absoluteString == "https://n.openai.azure.com/openai/v1/chat/completions")
        }
        let older = try ModelEndpoint(
            azure: resource, deployment: "my gpt/4", apiVersion: "2024-10-21", credential: .none)
        #expect(
            older.url.absoluteString == "https://n.openai.azure.com/openai/deployments/my%20gpt%2F4/chat/completions"
                + "?api-version=2024-10-21")
    }

    @Test(arguments: ["http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/"])
    func `others are below the base URL`(base: String) throws {
        let chat = try ModelEndpoint(baseURL: base, dialect: .chatCompletions, credential: .none)
        #expect(chat.url.absoluteString == "http://127.0.0.1:11434/v1/chat/completions")
        let responses = try ModelEndpoint(baseURL: base, dialect: .responses, credential: .none)
        #expect(responses.url.absoluteString == "http://127.0.0.1:11434/v1/responses")
    }

    @Test(arguments: ["", "localhost:11434", "ftp://host/v1", "https://", "not a url", "/v1"])
    func `what is not the address of an HTTP server is refused`(base: String) {
        #expect(throws: ModelSettingsError.self) {
            try ModelEndpoint(baseURL: base, dialect: .chatCompletions, credential: .none)
        }
    }

    @Test func `printing an endpoint in any way does not show the key`() throws {
        for credential in [ModelCredential.bearer("s3cret"), .apiKey("s3cret")] {
            let endpoint = try ModelEndpoint(
                baseURL: "https://user:s3cret@host/v1?key=s3cret", dialect: .responses, credential: credential)
            var dumped = ""
            dump(credential, to: &dumped)
            for text in ["\(credential)", String(reflecting: credential), dumped, endpoint.place] {
                #expect(!text.contains("s3cret"))
            }
        }
    }
}
