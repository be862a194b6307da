public import Foundation
public import StreamKit

/// One thing that happened in a run, as its log tells it.
///
/// Text and the end of a run are always events of their own, even if a program writes both into one entry: such an
/// entry is read as two events with one ID.
public struct RunEvent: Hashable, Sendable {
    /// What kind of thing happened; the raw value is the entry's `event` field.
    ///
    /// A log may hold other kinds than those named here. They keep the name that they were written with.
    public struct Kind: RawRepresentable, Codable, Hashable, Sendable {
        /// The name in the log.
        public let rawValue: String

        /// The kind with this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A worker has begun the run.
        public static let taskStarted = Kind(rawValue: "task_started")
        /// What the agent thinks it should do, and why.
        public static let chainOfThought = Kind(rawValue: "chain_of_thought")
        /// A tool was called, or has answered.
        public static let toolUsage = Kind(rawValue: "tool_usage")
        /// The model has finished one turn.
        public static let llmResponse = Kind(rawValue: "llm_response")
        /// How far the run has come.
        public static let progress = Kind(rawValue: "progress")
        /// A chunk of the answer that the user reads.
        public static let text = Kind(rawValue: "text")
        /// A tool needs a person's word before it is used; `data` says which, and with what.
        public static let approvalRequested = Kind(rawValue: "approval_requested")
        /// A person has approved or rejected the use of a tool, or nobody did in time.
        public static let approvalDecided = Kind(rawValue: "approval_decided")
        /// What earlier runs of the conversation were about, in few words; it stands for them from here on.
        public static let historySummary = Kind(rawValue: "history_summary")
        /// A new attempt has begun; its `data` names the last entry of the former one that still counts.
        public static let attempt = Kind(rawValue: "attempt")
        /// The run has ended well.
        public static let taskCompleted = Kind(rawValue: "task_completed")
        /// The run has ended badly; `error` says what the user may see.
        public static let taskFailed = Kind(rawValue: "task_failed")
        /// The run was called off.
        public static let taskCancelled = Kind(rawValue: "task_cancelled")
        /// An entry of another program that does not say what it is.
        public static let unnamed = Kind(rawValue: "unnamed")

        /// The kinds that this library writes.
        package static let known: [Kind] = [
            .taskStarted, .chainOfThought, .toolUsage, .llmResponse, .progress, .text, .attempt,
            .approvalRequested, .approvalDecided, .historySummary, .taskCompleted, .taskFailed, .taskCancelled,
        ]

        /// Whether nothing of the same run comes after an event of this kind.
        public var isTerminal: Bool { self == .taskCompleted || self == .taskFailed || self == .taskCancelled }
    }

    /// The entry's ID, which is also the cursor to resume after.
    public let id: StreamID
    /// What kind of thing happened.
    public let kind: Kind
    /// When it happened, by the Redis server's clock.
    public let timestamp: Date
    /// Its place in the conversation: 0, 1, 2 … without gaps; `nil` if another program wrote it without a valid one.
    public let sequence: Int?
    /// Which run of the conversation it belongs to, counting from 1.
    public let run: Int
    /// A chunk of the answer, in events of kind ``Kind/text`` and in no others.
    public let text: String?
    /// One JSON object, the details.
    public let data: String?
    /// What the user may know of a failure.
    public let error: String?
    /// Whether a later attempt may declare this text invalid: this library wrote it.
    let mayBeSuperseded: Bool

    /// Whether the run ends here.
    public var isLast: Bool { kind.isTerminal }

    /// Decodes the details.
    ///
    /// - Returns: `nil` if the event has none, or they have another shape.
    public func decodeData<Value: Decodable>(_ type: Value.Type) -> Value? {
        data.flatMap { SortedJSON.value(type, of: $0) }
    }
}
