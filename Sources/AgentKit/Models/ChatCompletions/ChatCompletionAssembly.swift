import Foundation
import ServerSentEvents

/// Puts a turn together from the stream of a chat completion: OpenAI's, Azure's, or that of a compatible server.
struct ChatCompletionAssembly: TurnAssembly {
    private(set) var pieces = 0
    private(set) var isComplete = false

    private let callIDPrefix: String
    private var calls = ToolCallAssembly()
    private var usage: TokenUsage?
    private var finishReason: String?
    /// What the filter last said about an answer in which it found nothing.
    private var cleanResults: JSONValue?
    private let decoder = JSONDecoder()

    /// An assembly of one turn.
    ///
    /// - Parameter callIDPrefix: Begins the IDs of tool calls that come without one.
    init(callIDPrefix: String) {
        self.callIDPrefix = callIDPrefix
    }

    mutating func take(_ event: ServerSentEvent) throws(ModelError) -> [ChatDelta] {
        if isComplete { return [] }
        if event.data.trimmingCharacters(in: .whitespacesAndNewlines) == "[DONE]" { return try finish() }
        guard let chunk = try? decoder.decode(ChatCompletionChunk.self, from: Data(event.data.utf8)) else {
            throw .malformed(event.data)
        }
        if let error = chunk.error, error != .null {
            throw ServiceError(["error": error]).map(ModelError.init(inStream:)) ?? .malformed(event.data)
        }
        usage = chunk.usage?.tokens ?? usage
        var deltas: [ChatDelta] = []
        if let results = chunk.promptFilterResults ?? chunk.promptAnnotations, results != .null {
            deltas.append(.notice(ContentFilter.notice(.promptFilter, results: results)))
        }
        // There is one choice: more are never asked for.
        guard let choice = chunk.choices?.first(where: { $0.index ?? 0 == 0 }) else { return deltas }
        if let delta = choice.delta { deltas += take(delta) }
        deltas += take(filterResults: choice.filterResults)
        if let reason = choice.finishReason, finishReason == nil {
            finishReason = reason
            if reason == "content_filter" { deltas.append(.notice(ContentFilter.answerCut)) }
        }
        return deltas
    }

    mutating func end() throws(ModelError) -> [ChatDelta] {
        if isComplete { return [] }
        // Some servers send no `[DONE]`. The reason to finish says that nothing is missing.
        guard finishReason != nil else { throw .cut }
        return try finish()
    }

    private mutating func take(_ delta: ChatCompletionChunk.Delta) -> [ChatDelta] {
        for piece in delta.toolCalls ?? [] {
            let arguments = piece.function?.arguments.flatMap { $0 == .null ? nil : $0.string ?? $0.text }
            calls.add(index: piece.index, id: piece.id, name: piece.function?.name, arguments: arguments)
            pieces += 1
        }
        if (delta.reasoningContent ?? delta.reasoning ?? .null) != .null { pieces += 1 }
        // A model that refuses says why in place of an answer.
        let text = (delta.content ?? "") + (delta.refusal ?? "")
        guard !text.isEmpty else { return [] }
        pieces += 1
        return [.text(text)]
    }

    /// A filter that works beside the model reports again and again; only a finding is told at once.
    private mutating func take(filterResults: JSONValue?) -> [ChatDelta] {
        guard let filterResults, case .object(let categories) = filterResults, !categories.isEmpty else { return [] }
        let notice = ContentFilter.notice(.answerFilter, results: filterResults)
        if notice.isFinding { return [.notice(notice)] }
        cleanResults = filterResults
        return []
    }

    private mutating func finish() throws(ModelError) -> [ChatDelta] {
        isComplete = true
        if finishReason == "length", !calls.isEmpty { throw .limitInToolCall }
        var deltas: [ChatDelta] = []
        if let cleanResults { deltas.append(.notice(ContentFilter.notice(.answerFilter, results: cleanResults))) }
        if finishReason == "length" { deltas.append(.notice(.cutAtLimit)) }
        // A filter that cut the answer may have cut the calls, too.
        if finishReason != "content_filter" { deltas += calls.calls(idPrefix: callIDPrefix).map { .toolCall($0) } }
        if let usage { deltas.append(.usage(usage)) }
        return deltas
    }
}
