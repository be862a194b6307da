// The second agent at work: release notes from the files of a folder.
// Run:    ./lesson 4 notes <folder>
// Expect: a line per step, then one bullet point per file.

import AgentKit
import AgentRuns
import ArgumentParser
import Foundation
import LessonKit
import StreamKit

struct Notes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a second agent write release notes.")

    @OptionGroup var options: LessonOptions
    @Option(
        help: "The model: scripted, openai, responses or azure; .env.example tells their settings.",
        transform: { try ModelKind(named: $0) })
    var model = ModelKind.scripted
    @Argument(help: "A folder with one .md or .txt file per change.") var folder: String

    func validate() throws {
        var isFolder = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw ValidationError("\(folder) is not a folder. Name one with a .md or .txt file per change.")
        }
    }

    func run() async throws {
        let model = try ModelSettings().model(model, scripted: ScriptedNotes())
        let agent = ReleaseNotes(folder: URL(fileURLWithPath: folder), model: model)
        try await withLesson(options) { redis, narrator in
            let request = RunRequest(
                conversationID: UUID().uuidString.lowercased(), correlationID: UUID().uuidString.lowercased(),
                agent: agent.name, message: "Write the release notes.")
            let log = RunLog(redis: redis, conversationID: request.conversationID, retention: try .fromEnvironment())
            try await narrator.untraced { try await answerAndWatch(request, by: agent, log, narrator) }
        }
    }
}
