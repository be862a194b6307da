import Foundation
import ServerSentEvents

/// Puts a turn together from the stream of OpenAI's Responses.
struct ResponsesAssembly: TurnAssembly {
    private(set) var pieces = 0
    private(set) var isComplete = false

    private let callIDPrefix: String
    private var calls = ToolCallAssembly()
    private let decoder = JSONDecoder()

    /// An assembly of one turn.
    ///
    /// - Parameter callIDPrefix: Begins the IDs of tool calls that come without one.
    init(callIDPrefix: String) {
        self.callIDPrefix = callIDPrefix
    }

    mutating func take(_ event: ServerSentEvent) throws(ModelError) -> [ChatDelta] {
        // Proxies that know only chat completions add a `[DONE]`.
        if isComplete || event.data == "[DONE]" { return [] }
        guard let event = try? decoder.decode(ResponsesEvent.self, from: Data(event.data.utf8)) else {
            throw .malformed(event.data)
        }
        switch event.type {
        case "response.output_text.delta", "response.refusal.delta":
            pieces += 1
            return [.text(event.delta ?? "")]
        case "response.completed": return finish(event.response)
        case "response.incomplete": return try finishIncomplete(event.response)
        case "response.failed", "error": throw error(event)
        default:
            takePart(event)
            return []
        }
    }

    mutating func end() throws(ModelError) -> [ChatDelta] {
        guard isComplete else { throw .cut }
        return []
    }

    /// What adds nothing that can be told yet: calls, and thoughts.
    private mutating func takePart(_ event: ResponsesEvent) {
        if event.delta != nil || event.arguments != nil || event.item != nil { pieces += 1 }
        switch (event.type, event.item) {
        case ("response.output_item.added", let item?) where item.type == "function_call":
            calls.add(index: event.outputIndex, id: item.callID, name: item.name, arguments: item.arguments)
        case ("response.output_item.done", let item?) where item.type == "function_call":
            calls.add(index: event.outputIndex, id: item.callID, name: item.name, arguments: nil)
            if let index = event.outputIndex, let arguments = item.arguments, !arguments.isEmpty {
                calls.complete(index: index, arguments: arguments)
            }
        case ("response.function_call_arguments.delta", _):
            calls.add(index: event.outputIndex, id: nil, name: nil, arguments: event.delta)
        case ("response.function_call_arguments.done", _):
            if let index = event.outputIndex, let arguments = event.arguments {
                calls.complete(index: index, arguments: arguments)
            }
        default: break  // created, in progress, parts of content, and what later versions add
        }
    }

    private mutating func finish(_ response: ResponsesEvent.Response?) -> [ChatDelta] {
        isComplete = true
        return calls.calls(idPrefix: callIDPrefix).map { .toolCall($0) } + usage(response)
    }

    private mutating func finishIncomplete(_ response: ResponsesEvent.Response?) throws(ModelError) -> [ChatDelta] {
        isComplete = true
        if response?.incompleteDetails?.reason == "content_filter" {
            return [.notice(ContentFilter.answerCut)] + usage(response)
        }
        guard calls.isEmpty else { throw .limitInToolCall }
        return [.notice(.cutAtLimit)] + usage(response)
    }

    private func usage(_ response: ResponsesEvent.Response?) -> [ChatDelta] {
        response?.usage?.tokens.map { [.usage($0)] } ?? []
    }

    private func error(_ event: ResponsesEvent) -> ModelError {
        var body = event.response?.error ?? event.error ?? .null
        if body == .null {
            body = ["message": .string(event.message ?? "no reason given"), "code": event.code ?? .null]
        }
        return ServiceError(["error": body]).map(ModelError.init(inStream:)) ?? .cut
    }
}
