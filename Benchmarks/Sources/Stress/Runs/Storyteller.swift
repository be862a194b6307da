import AgentKit

/// What an agent says to a prompt: always the same, in three turns, with tool calls between them.
struct Story: Sendable {
    static let turns = 3
    static let callsPerTurn = 2

    /// How many words it has.
    let words: Int

    /// The words of one turn; each tells its place, so that a missing or a repeated one is noticed.
    func words(ofTurn turn: Int, prompt: String) -> [String] {
        (0..<words).filter { $0 * Self.turns / words == turn }.map { "\(prompt):\($0) " }
    }

    /// All of it.
    func text(prompt: String) -> String {
        (0..<Self.turns).flatMap { words(ofTurn: $0, prompt: prompt) }.joined()
    }
}

/// An agent that tells a story word by word.
struct Storyteller: Agent {
    static let name = "Storyteller"

    let story: Story
    let pace: Duration

    var name: String { Self.name }
    var instructions: String { "Tell the story." }
    var model: any ChatModel { StoryModel(story: story, pace: pace) }
    var tools: [any Tool] { [Echo()] }
}

/// A model that needs no service: which turn it is, it sees from the messages.
private struct StoryModel: ChatModel {
    let story: Story
    let pace: Duration
    let name = "story"

    func respond(to messages: [ChatMessage], tools: [any Tool]) -> AsyncThrowingStream<ChatDelta, any Error> {
        let turn = messages.count { if case .assistant = $0 { true } else { false } }
        let prompts = messages.compactMap { message -> String? in
            if case .user(let text) = message { text } else { nil }
        }
        return AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    for word in story.words(ofTurn: turn, prompt: prompts.last ?? "") {
                        try await Task.sleep(for: pace)
                        continuation.yield(.text(word))
                    }
                    for call in calls(inTurn: turn) { continuation.yield(.toolCall(call)) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// None in the last turn; all with one ID, as some models have it.
    private func calls(inTurn turn: Int) -> [ToolCall] {
        guard turn < Story.turns - 1 else { return [] }
        return (0..<Story.callsPerTurn).map { ToolCall(id: "call", name: "echo", arguments: ["place": JSONValue($0)]) }
    }
}

/// A tool that answers what it is asked.
private struct Echo: Tool {
    let name = "echo"
    let summary = "Answers its arguments."
    let isSafeToRepeat = true
    let parameters: JSONValue = ["type": "object"]

    func call(_ arguments: JSONValue) async throws -> JSONValue {
        try await Task.sleep(for: .milliseconds(50))
        return arguments
    }
}
