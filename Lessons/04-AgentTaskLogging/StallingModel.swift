// A model that stops in the middle of a sentence, as a worker does whose machine hangs.
// Run:    ./lesson 4 demo
// Expect: twelve words, and then nothing more.

import TravelPlanner
import AgentKit

struct Stalled: Error {}

struct StallingModel: ChatModel {
    let name = "stalling"
    let words: Int

    func respond(to messages: [ChatMessage], tools: [any Tool]) -> AsyncThrowingStream<ChatDelta, any Error> {
        let deltas = ScriptedModel(pace: .zero).respond(to: messages, tools: tools)
        return AsyncThrowingStream { continuation in
            // Unstructured, because a stream outlives the call that makes it.
            let task = Task {
                var said = 0
                do {
                    for try await delta in deltas {
                        if case .text = delta { said += 1 }
                        if said > words { throw Stalled() }
                        continuation.yield(delta)
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
