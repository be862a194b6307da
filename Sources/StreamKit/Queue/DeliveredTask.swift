import Foundation

/// A task as it came out of a stream, with its payload not yet decoded.
struct DeliveredTask: Sendable {
    /// Which of the queue's streams it came from.
    let stream: QueueStream
    let entry: StreamID
    /// The task's first ID; the entry's own unless the task has been relocated.
    let task: StreamID
    /// Which attempt this is, over all of the task's entries.
    let attempt: Int
    /// How many of the attempts before this one failed.
    let chargedFailures: Int
    /// How the attempt before this one ended.
    let formerEnd: AttemptEnd?
    /// What is wrong with the entry's own fields; if anything is, no attempt is made.
    private let defect: String?
    private let payload: Data?

    init(_ entry: StreamEntry, stream: QueueStream) {
        self.stream = stream
        self.entry = entry.id
        payload = entry.data("payload")
        formerEnd = entry["ended"].flatMap(AttemptEnd.init)
        guard let id = entry["task"] else {
            (task, attempt, chargedFailures, defect) = (entry.id, 1, 0, nil)
            return
        }
        let (attempts, waived) = (Self.count(entry["attempts"]), Self.count(entry["waived"]))
        let deaths = Self.count(entry["deaths"])
        guard let task = StreamID(id), let attempts, let waived, deaths != nil, waived <= attempts else {
            (task, attempt, chargedFailures) = (entry.id, 1, 0)
            defect = "a field of entry \(entry.id) is unreadable: task, attempts, waived or deaths"
            return
        }
        (self.task, attempt, chargedFailures, defect) = (task, attempts + 1, attempts - waived, nil)
    }

    /// A count as the scripts write it: at most nine digits, so that sums and fencing tokens stay in their range.
    private static func count(_ text: String?) -> Int? {
        guard let text else { return 0 }
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    func decodePayload<Payload: Decodable>(as type: Payload.Type, with decoder: JSONDecoder) throws -> Payload {
        if let defect { throw UndecodablePayload(description: defect) }
        guard let payload else { throw UndecodablePayload(description: "the entry has no field \"payload\"") }
        do {
            return try decoder.decode(type, from: payload)
        } catch {
            throw UndecodablePayload(description: "the payload is not a \(type): \(error)")
        }
    }
}

/// A payload that this worker cannot read, and that no retry makes readable.
struct UndecodablePayload: Error, CustomStringConvertible {
    let description: String
}
