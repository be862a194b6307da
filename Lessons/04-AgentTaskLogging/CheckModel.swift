// The doctor of models: is it set up, does it answer, does it stream, does it use tools?
// Run:    ./lesson doctor --model openai
// Expect: a line per check, and a fix below each that failed.

import AgentKit
import ArgumentParser
import LessonKit
import TravelPlanner

struct CheckModel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-model", abstract: "Check a model: its settings, endpoint and key, streaming, tools.")

    @Option(
        help: "The model: scripted, openai, responses or azure; .env.example tells their settings.",
        transform: { try ModelKind(named: $0) })
    var model: ModelKind

    func run() async throws {
        try await cancellingOnInterrupt {
            let planner = try TravelPlanner(model)
            report("✓", "settings: model \(planner.model.name)")
            let answer = try await turn(of: planner.model, "Count from 1 to 20 in words.", tools: [])
            report("✓", "endpoint and key: it answers")
            if answer.pieces > 1 {
                report("✓", "streaming: the answer came in \(answer.pieces) pieces")
            } else {
                report(
                    "!", "streaming: the answer came in one piece",
                    fix: "If a proxy stands before the model, switch off its buffering.")
            }
            let use = try await turn(of: planner.model, "What is the weather in Rome?", tools: [WeatherForecast()])
            if use.calls > 0 {
                report("✓", "tools: it asks for them")
            } else {
                report("!", "tools: it did not ask for one", fix: "Choose a model that can call tools.")
            }
        }
    }

    private func turn(
        of model: any ChatModel, _ prompt: String, tools: [any Tool]
    ) async throws -> (pieces: Int, calls: Int) {
        var (pieces, calls) = (0, 0)
        do {
            for try await delta in model.respond(to: [.user(prompt)], tools: tools) {
                switch delta {
                case .text: pieces += 1
                case .toolCall: calls += 1
                case .usage, .notice: break
                }
            }
        } catch let error as ModelError {
            // Its description says what happened, where, and what to do.
            throw LessonProblem(error.description)
        }
        return (pieces, calls)
    }

    private func report(_ mark: String, _ finding: String, fix: String? = nil) {
        StandardOutput.print("  \(mark) \(finding)")
        if let fix { StandardOutput.print("    \(fix)") }
    }
}
