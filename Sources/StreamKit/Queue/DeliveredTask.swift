import Foundation

/// A task as it came out of a stream, its payload not yet decoded.
struct DeliveredTask: Sendable {
    /// Which of the queue's streams it came from; after a hand-back not the task's own.
    let stream: QueuePriority
    let entry: StreamID
    /// How often this entry was delivered.
    let deliveries: Int
    /// The task's first ID; the entry's own unless the task has been moved.
    let task: StreamID
    /// Which attempt this is, over all of the task's entries.
    let attempt: Int
    /// How many attempts count towards the limit.
    let counted: Int
    /// How often the group had been made, at least, when it delivered this.
    let generation: Int
    /// What no group has: it was made anew at about the time.
    static let unknownGeneration = -1
    private let payload: Data?

    init(_ entry: StreamEntry, stream: QueuePriority, deliveries: Int = 1, generation: Int) {
        self.stream = stream
        self.generation = generation
        self.entry = entry.id
        self.deliveries = deliveries
        payload = entry.data("payload")
        guard let id = entry["task"] else {
            (task, attempt, counted) = (entry.id, deliveries, deliveries)
            return
        }
        task = StreamID(id) ?? entry.id
        attempt = deliveries + (entry["attempts"].flatMap { Int($0) } ?? 0)
        counted = attempt - (entry["forgiven"].flatMap { Int($0) } ?? 0)
    }

    /// A task that the sweep script took over: its stream, its entry ID, its delivery count, its fields.
    init?(_ reply: Reply, generation: Int) {
        guard let parts = reply.elements, parts.count == 4, let name = parts[0].text,
            let stream = QueuePriority(rawValue: name), let id = parts[1].text.flatMap({ StreamID($0) }),
            let deliveries = parts[2].integer,
            let entry = StreamEntry(id: id, fields: parts[3])
        else { return nil }
        self.init(entry, stream: stream, deliveries: deliveries, generation: generation)
    }

    func decodePayload<Payload: Decodable>(as type: Payload.Type, with decoder: JSONDecoder) throws -> Payload {
        guard let payload else { throw UndecodablePayload("the entry has no field \"payload\"") }
        do {
            return try decoder.decode(type, from: payload)
        } catch {
            throw UndecodablePayload("the payload is not a \(type): \(error)")
        }
    }
}

/// A payload that this worker cannot read, and that no retry makes readable.
struct UndecodablePayload: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
