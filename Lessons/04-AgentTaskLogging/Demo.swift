// The demo: the log by hand, the library's log, and a worker that is replaced in the middle.
// Run:    ./lesson 4 demo
// Expect: three parts; in the last one a zombie is refused, and no tool is called twice.

import AgentKit
import AgentRuns
import ArgumentParser
import LessonKit
import StreamKit
import TravelPlanner

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Play the whole lesson.")

    @OptionGroup var options: LessonOptions

    func run() async throws {
        let keys = ["lesson4-trip", "lesson4-crash"].flatMap { ["agent-stream:\($0)", "{agent-stream:\($0)}:run"] }
        let byHand = ["agent_logs:lesson4", "agent_logs:lesson4-missing", "agent_logs:lesson4-loop"]
        try await withLesson(options, keys: byHand + keys) { redis, narrator in
            narrator.title("Lesson 4 · Agent task logging")
            narrator.say(
                """
                Your users see "processing…" and nothing else. Now the consumer becomes an agent, and tells what \
                it thinks, which tools it uses and how far it is, in a stream of its own for each task.
                """)
            try await logByHand(redis, narrator)
            try await watchAnAgent(redis, narrator)
            try await replaceAWorker(redis, narrator)
            sumUp(narrator)
        }
    }
}

private func logByHand(_ redis: Redis, _ narrator: Narrator) async throws {
    try await narrator.step("By hand: one XADD for every step")
    narrator.say("Each entry has the same three fields: `event`, `timestamp`, and `data` with the details as JSON.")
    let task = HandmadeTask(id: "lesson4", type: "process_data", file: "sales.csv")
    try await HandmadeAgent(task: task.id, redis: redis).work(on: task)
    narrator.say("A second task names a file that is not there. A reader of its log sees why it failed:")
    let missing = HandmadeTask(id: "lesson4-missing", type: "process_data", file: "missing.csv")
    let entries = try await narrator.untraced {
        let agent = HandmadeAgent(task: missing.id, redis: redis)
        try await agent.work(on: missing)
        return try await agent.log.entries()
    }
    for entry in entries {
        let kind = RunEvent.Kind(rawValue: entry["event"] ?? "?")
        narrator.show(kind.line(data: entry["data"]) ?? "")
    }
    narrator.say("With a loop around model and tools it is an agent. Here the model asks for a tool first:")
    let loop = HandmadeLoop(log: redis.stream("agent_logs:lesson4-loop"))
    let steps = try await narrator.untraced {
        _ = try await loop.answer("Do I need an umbrella in Tokyo?")
        return try await loop.log.entries()
    }
    for entry in steps {
        narrator.show(RunEvent.Kind(rawValue: entry["event"] ?? "?").line(data: entry["data"]) ?? "")
    }
    narrator.say(
        """
        That is all a live log takes. What it lacks: it grows forever, a lost reply makes you write an entry \
        twice or not at all, and when two workers have the same task, both write.
        """)
}

private func watchAnAgent(_ redis: Redis, _ narrator: Narrator) async throws {
    try await narrator.step("The library's log: an agent at work")
    narrator.say("The TravelPlanner asks two tools, then writes word by word. A reader follows as it happens.")
    let request = trip(to: "Tokyo", conversation: "lesson4-trip")
    let log = RunLog(redis: redis, conversationID: request.conversationID)
    try await narrator.untraced { try await answerAndWatch(request, log, narrator) }
    narrator.say("The state beside the log says who may write. Every append checks it, in one script.")
    _ = try await redis.send("HMGET", log.stateKey, "runs", "open", "attempt:1", "sequence")
    let life = try await redis.send("TTL", log.stream.key).integer ?? 0
    let stateLife = try await redis.send("TTL", log.stateKey).integer ?? 0
    narrator.say("The time to live runs from the last event: the log has \(life) seconds left, its state \(stateLife).")
}

private func replaceAWorker(_ redis: Redis, _ narrator: Narrator) async throws {
    try await narrator.step("A worker stalls, another one takes over")
    narrator.say(
        """
        The first worker hangs in the middle of a sentence. A queue would give its task to a second one when the \
        lease is over; here the demo does, as attempt 2. Then the first wakes up and goes on writing, as if \
        nothing had happened: a zombie.
        """)
    let request = trip(to: "Rome", conversation: "lesson4-crash")
    let log = RunLog(redis: redis, conversationID: request.conversationID)
    let history = try await narrator.untraced {
        let refusal = try await stallAndReplace(request, log)
        narrator.show("The zombie was told: \(refusal)")
        return try await log.history()
    }
    let calls = history.filter { $0.kind == .toolUsage }.count / 2
    let takeovers = history.filter { $0.kind == .attempt }
    narrator.show("Attempts: \(takeovers.count + 1). Tools called: \(calls).")
    for event in takeovers { narrator.show("\(event.kind.rawValue): \(event.data ?? "")") }
    narrator.show("The answer begins: \(history.answer.prefix(30).replacing("\n", with: " "))")
    narrator.say(
        calls > 2
            ? "The second worker called the tools again: it did not find their results in the log."
            : """
            The log was the checkpoint: the second worker read the tools' results there. The event `attempt` names \
            the last entry that still counts, so a reader drops the words that were only half said.
            """)
}

// snippet: zombie
private func stallAndReplace(_ request: RunRequest, _ log: RunLog) async throws -> String {
    try await log.accept(request)
    let stalling = TravelPlanner(model: StallingModel(words: 12))
    let zombie = try await log.begin(request, token: 1)
    do {
        try await stalling.answer(through: zombie)
    } catch is Stalled {}

    let second = try await log.begin(request, token: 2)
    var refusal = "nothing, and that is a bug"
    do {
        try await zombie.append(.text, text: "and on the second day")
    } catch let error as RunLogError {
        refusal = error.description
    }
    try await TravelPlanner(model: ScriptedModel(pace: .zero)).answer(through: second)
    return refusal
}
// end snippet

private func trip(to city: String, conversation: String) -> RunRequest {
    RunRequest(
        conversationID: conversation, correlationID: "\(conversation)-1", agent: "TravelPlanner",
        message: "Plan a 1-day trip to \(city)")
}

private func sumUp(_ narrator: Narrator) {
    narrator.title("That was lesson 4")
    narrator.say(
        """
        An agent's log is a stream of small events in one format. Fenced and bounded, it is also the checkpoint \
        from which another worker goes on.
        Next: `\(LessonCommand.name(of: 5))` sends this log to a browser, and lets the browser disconnect and come back.
        """)
}
