import ServerSentEvents

@testable import AgentKit

/// What came of a stream.
struct Turn {
    var deltas: [ChatDelta] = []
    var error: ModelError?

    var text: String { deltas.map { if case .text(let text) = $0 { text } else { "" } }.joined() }
    var calls: [ToolCall] { deltas.compactMap { if case .toolCall(let call) = $0 { call } else { nil } } }
    var notices: [ModelNotice] { deltas.compactMap { if case .notice(let notice) = $0 { notice } else { nil } } }
    var usages: [TokenUsage] { deltas.compactMap { if case .usage(let usage) = $0 { usage } else { nil } } }

    /// Puts a turn together from the data of events.
    init(_ assembly: any TurnAssembly, _ events: [String], ends: Bool = true) {
        var assembly = assembly
        do throws(ModelError) {
            for event in events { deltas += try assembly.take(ServerSentEvent(data: event)) }
            if ends { deltas += try assembly.end() }
        } catch {
            self.error = error
        }
    }

    /// Collects what a model streams.
    init(_ stream: AsyncThrowingStream<ChatDelta, any Error>) async throws {
        do {
            for try await delta in stream { deltas.append(delta) }
        } catch let error as ModelError {
            self.error = error
        }
    }
}

/// Events of a chat completion, as the services send them.
enum Chat {
    static func text(_ text: String) -> String { choice(#"{"index":0,"delta":{"content":\#(quoted(text))}}"#) }
    static func finish(_ reason: String) -> String { choice(#"{"index":0,"delta":{},"finish_reason":"\#(reason)"}"#) }
    static func calls(_ pieces: String) -> String { choice(#"{"index":0,"delta":{"tool_calls":[\#(pieces)]}}"#) }
    static func choice(_ choice: String) -> String {
        #"{"id":"c","object":"chat.completion.chunk","model":"m","choices":[\#(choice)],"usage":null}"#
    }
    static let usage = #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#
    static let done = "[DONE]"

    /// Two words and everything that belongs to them.
    static let hello = [
        choice(#"{"index":0,"delta":{"role":"assistant","content":""}}"#), text("Hel"), text("lo"), finish("stop"),
        usage, done,
    ]

    /// The bytes of events.
    static func stream(_ events: [String], lineEnd: String = "\n", field: String = "data: ") -> [UInt8] {
        events.flatMap { Array("\(field)\($0)\(lineEnd)\(lineEnd)".utf8) }
    }

    private static func quoted(_ text: String) -> String { JSONValue.string(text).text }
}
