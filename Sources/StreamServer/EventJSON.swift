import AgentRuns
import Foundation

/// An event as JSON, the same in the snapshot and in the timeline.
///
/// `id`, `time` (milliseconds since 1970), `type`, `sequence` and `run` are always there, `text`, `error` and `data` where
/// the event has them. `data` is the object that the log holds; what is not JSON there is a string.
enum EventJSON {
    static func object(of event: RunEvent) -> [String: Any] {
        var object: [String: Any] = [
            "id": "\(event.id)", "time": milliseconds(event.timestamp), "type": event.kind.rawValue,
            "sequence": event.sequence.map { $0 as Any } ?? NSNull(), "run": event.run,
        ]
        if let text = event.text { object["text"] = text }
        if let error = event.error { object["error"] = error }
        if let data = event.data {
            object["data"] = (try? JSONSerialization.jsonObject(with: Data(data.utf8))) ?? data
        }
        return object
    }

    static func milliseconds(_ date: Date) -> Int { Int((date.timeIntervalSince1970 * 1000).rounded()) }

    static func bytes(of object: [String: Any]) -> Data {
        (try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes]))
            ?? Data("{}".utf8)
    }
}
