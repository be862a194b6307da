import Foundation

/// A task as it came out of the stream, its payload not yet decoded.
struct DeliveredTask: Sendable {
    let entry: StreamID
    /// How often this entry was delivered.
    let deliveries: Int
    /// The task's first ID; the entry's own unless the task has been moved.
    let task: StreamID
    /// Which attempt this is, over all of the task's entries.
    let attempt: Int
    /// How many attempts count towards the limit.
    let counted: Int
    let payload: String?

    init(entry: StreamID, deliveries: Int, field: (String) -> String?) {
        self.entry = entry
        self.deliveries = deliveries
        task = field("task").flatMap { StreamID($0) } ?? entry
        attempt = deliveries + (field("attempts").flatMap { Int($0) } ?? 0)
        counted = attempt - (field("forgiven").flatMap { Int($0) } ?? 0)
        payload = field("payload")
    }

    /// A task that the sweep script took over: its ID, its delivery count, its fields in a flat list.
    init?(_ reply: Reply) {
        guard let parts = reply.elements, parts.count == 3,
            let entry = parts[0].text.flatMap({ StreamID($0) }), let deliveries = parts[1].integer,
            let flat = parts[2].elements
        else { return nil }
        self.init(entry: entry, deliveries: deliveries) { name in
            let index = stride(from: 0, to: flat.count - 1, by: 2).first { flat[$0].text == name }
            return index.flatMap { flat[$0 + 1].text }
        }
    }

    func decodePayload<Payload: Decodable>(as type: Payload.Type) throws -> Payload {
        guard let payload else { throw UndecodablePayload("the entry has no field \"payload\" that is text") }
        do {
            return try JSONDecoder().decode(type, from: Data(payload.utf8))
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
