public import AsyncHTTPClient
import Foundation
import NIOCore

/// A language model behind HTTP: OpenAI's, Azure's, or that of a compatible server.
///
/// A request that fails in a way that may pass is sent again as long as nothing of an answer came. After that an error
/// ends the turn: the user has seen a part of the answer, and has to be told that it does not count.
public struct RemoteModel: ChatModel {
    /// The name of the model or of the deployment.
    public let name: String
    /// Where it answers.
    public let endpoint: ModelEndpoint
    /// What requests ask of it beside the conversation.
    public var options: ModelOptions
    /// How long it may take.
    public var limits: ModelLimits

    /// Azure OpenAI, or OpenAI and those that speak its language.
    public var provider: String { endpoint.isAzure ? "azure.ai.openai" : "openai" }

    let client: HTTPClient
    let startClock: @Sendable () -> TurnClock

    /// A model.
    ///
    /// - Parameters:
    ///   - name: The name of the model or of the deployment.
    ///   - endpoint: Where it answers.
    ///   - options: What requests ask of it beside the conversation.
    ///   - limits: How long it may take.
    ///   - client: The HTTP client; one for all models unless given.
    ///   - clock: What limits and pauses are measured with.
    public init(
        name: String, endpoint: ModelEndpoint, options: ModelOptions = .init(), limits: ModelLimits = .init(),
        client: HTTPClient? = nil, clock: some Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        self.endpoint = endpoint
        self.options = options
        self.limits = limits
        self.client = client ?? .models
        startClock = { TurnClock(clock) }
    }

    /// Sends the conversation, and streams what comes back.
    ///
    /// The request is closed at once when the stream is no longer wanted.
    public func respond(to messages: [ChatMessage], tools: [any Tool]) -> AsyncThrowingStream<ChatDelta, any Error> {
        AsyncThrowingStream { continuation in
            // Unstructured, because a stream outlives the call that makes it; ended with the stream.
            let task = Task {
                do {
                    let body = try body(messages, tools)
                    let turn = RemoteTurn(model: self, body: body, callIDPrefix: "call_\(messages.count)")
                    try await turn.run { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func body(_ messages: [ChatMessage], _ tools: [any Tool]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        switch endpoint.dialect {
        case .chatCompletions:
            return try encoder.encode(
                ChatCompletionRequest(model: name, messages: messages, tools: tools, options: options))
        case .responses:
            return try encoder.encode(ResponsesRequest(model: name, messages: messages, tools: tools, options: options))
        }
    }
}

extension HTTPClient {
    /// The client of all models, open as long as the process.
    ///
    /// Each run that waits for its model holds a connection, so there may be many to one host.
    static let models: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1_000
        // Asking again is RemoteTurn's part, which tells the reason when it gives up.
        configuration.connectionPool.retryConnectionEstablishment = false
        // A redirect would turn the POST into a GET, and show the key to another place.
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
