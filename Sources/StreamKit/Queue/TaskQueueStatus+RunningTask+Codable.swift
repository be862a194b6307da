// Durations are written as whole milliseconds, so that scripts can read them.
extension TaskQueueStatus.RunningTask {
    private enum CodingKeys: String, CodingKey {
        case id, priority, worker, attempt, ranMilliseconds, silentMilliseconds, ageMilliseconds
    }

    /// Reads what ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func duration(_ key: CodingKeys) throws -> Duration {
            .milliseconds(try values.decode(Int64.self, forKey: key))
        }
        self.init(
            id: try values.decode(StreamID.self, forKey: .id),
            priority: try values.decode(QueuePriority.self, forKey: .priority),
            worker: try values.decode(String.self, forKey: .worker),
            attempt: try values.decode(Int.self, forKey: .attempt),
            ran: try duration(.ranMilliseconds), silent: try duration(.silentMilliseconds),
            age: try duration(.ageMilliseconds))
    }

    /// Writes the fields by name, and durations as whole milliseconds.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(id, forKey: .id)
        try values.encode(priority, forKey: .priority)
        try values.encode(worker, forKey: .worker)
        try values.encode(attempt, forKey: .attempt)
        try values.encode(ran.wholeMilliseconds, forKey: .ranMilliseconds)
        try values.encode(silent.wholeMilliseconds, forKey: .silentMilliseconds)
        try values.encode(age.wholeMilliseconds, forKey: .ageMilliseconds)
    }
}
