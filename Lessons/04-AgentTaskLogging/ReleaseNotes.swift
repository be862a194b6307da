// An agent of your own: a release-notes writer over the files of a folder, with two tools.
// Run:    ./lesson 4 notes <folder>
// Expect: the model lists the folder, reads each file, and writes notes; every step is in the log.

import AgentKit
import Foundation

// snippet: notes
struct ReleaseNotes: Agent {
    let name = "ReleaseNotes"
    let instructions = """
        You write release notes for users. List the changes, read each one, and write one bullet point per change, \
        the most important first. Leave out what users do not notice.
        """
    let model: any ChatModel
    let tools: [any Tool]

    init(folder: URL, model: any ChatModel) {
        self.model = model
        tools = [ListChanges(folder: folder), ReadChange(folder: folder)]
    }
}

struct ListChanges: TypedTool {
    struct Arguments: Decodable {}

    let folder: URL
    let name = "list_changes"
    let summary = "The names of all files that describe a change."
    let isSafeToRepeat = true

    func run(_ arguments: Arguments) async throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return names.filter { $0.hasSuffix(".md") || $0.hasSuffix(".txt") }.sorted()
    }
}

struct ReadChange: TypedTool {
    struct Arguments: Decodable {
        let file: String
    }

    let folder: URL
    let name = "read_change"
    let summary = "The text of one change."
    let argumentDescriptions = ["file": "A name from list_changes"]
    let isSafeToRepeat = true

    func run(_ arguments: Arguments) async throws -> String {
        // The model chooses the name, so it must not lead out of the folder.
        guard try await ListChanges(folder: folder).run(.init()).contains(arguments.file),
            let text = try? String(contentsOf: folder.appendingPathComponent(arguments.file), encoding: .utf8)
        else { throw ToolError("There is no change '\(arguments.file)'. Use a name from list_changes.") }
        return text
    }
}
// end snippet

/// Stands in for a language model that writes release notes.
struct ScriptedNotes: ChatModel {
    let name = "scripted-notes"

    func respond(to messages: [ChatMessage], tools: [any Tool]) -> AsyncThrowingStream<ChatDelta, any Error> {
        let results = messages.compactMap { if case .tool(_, let result) = $0 { result } else { nil } }
        let deltas: [ChatDelta]
        if let files = results.first?.array?.compactMap(\.string), results.count == 1, !files.isEmpty {
            deltas = files.enumerated().map { number, file in
                .toolCall(ToolCall(id: "read-\(number)", name: "read_change", arguments: ["file": .string(file)]))
            }
        } else if results.isEmpty {
            deltas = [.toolCall(ToolCall(id: "list", name: "list_changes", arguments: [:]))]
        } else {
            let texts = results.dropFirst().compactMap(\.string)
            deltas = texts.map { .text("- \($0.split(separator: "\n").first ?? "")\n") }
        }
        return AsyncThrowingStream { continuation in
            for delta in deltas { continuation.yield(delta) }
            continuation.finish()
        }
    }
}
