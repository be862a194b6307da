import StreamKit
import Foundation

/// One thing that happened in a run, as its log tells it.
public struct RunEvent: Hashable, Sendable {
    /// What kind of thing happened; the raw value is the entry's `event` field.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// A worker has begun the run.
        case taskStarted = "task_started"
        /// What the agent thinks it should do, and why.
        case chainOfThought = "chain_of_thought"
        /// A tool was called, or has answered.
        case toolUsage = "tool_usage"
        /// The model has finished one turn.
        case llmResponse = "llm_response"
        /// How far the run has come.
        case progress
        /// A chunk of the answer that the user reads.
        case text
        /// A new attempt has begun; its `data` names the last entry of the former one that still counts.
        case attempt
        /// The run has ended well.
        case taskCompleted = "task_completed"
        /// The run has ended badly; `error` says what the user may see.
        case taskFailed = "task_failed"
        /// The run was called off.
        case taskCancelled = "task_cancelled"

        /// Whether nothing of the same run comes after an event of this kind.
        public var isTerminal: Bool {
            switch self {
            case .taskCompleted, .taskFailed, .taskCancelled: true
            default: false
            }
        }
    }

    /// The entry's ID, which is also the cursor to resume after.
    public let id: StreamID
    /// What kind of thing happened.
    public let kind: Kind
    /// When it happened, by the Redis server's clock.
    public let timestamp: Date
    /// Its place in the conversation: 0, 1, 2 … without gaps; -1 if another program wrote it without one.
    public let sequence: Int
    /// Which run of the conversation it belongs to, counting from 1.
    public let run: Int
    /// A chunk of the answer, in events of kind ``Kind/text``.
    public let text: String?
    /// One JSON object, the details.
    public let data: String?
    /// What the user may know of a failure.
    public let error: String?
    /// Whether the run ends here.
    public let isLast: Bool

    /// Reads an event from an entry of a run's stream.
    ///
    /// Lenient, so that streams of other programs can be read: one that writes only `text`, `done` and `error`
    /// has an answer, an end and a failure, whatever else is missing.
    public init(_ entry: StreamEntry) {
        id = entry.id
        text = entry["text"]
        data = entry["data"]
        error = entry["error"]
        kind = entry["event"].flatMap(Kind.init(rawValue:)) ?? Self.kindByFields(of: entry)
        isLast = entry["done"]?.lowercased() == "true" || kind.isTerminal
        sequence = entry["sequence"].flatMap(Int.init) ?? -1
        run = entry["run"].flatMap(Int.init) ?? 1
        let milliseconds = entry["timestamp"].flatMap(Double.init) ?? Double(entry.id.milliseconds)
        timestamp = Date(timeIntervalSince1970: milliseconds / 1000)
    }

    private static func kindByFields(of entry: StreamEntry) -> Kind {
        if entry["error"] != nil { return .taskFailed }
        if entry["done"]?.lowercased() == "true" { return .taskCompleted }
        return entry["text"] != nil ? .text : .progress
    }

    /// Decodes the details.
    ///
    /// - Returns: `nil` if the event has none, or they have another shape.
    public func decodeData<Value: Decodable>(_ type: Value.Type) -> Value? {
        data.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
}
