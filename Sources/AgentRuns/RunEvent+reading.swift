import Foundation
public import StreamKit

// How an entry of a log is read, whichever program wrote it.
extension RunEvent {
    /// Reads the events in an entry of a run's stream: one, or two or three if it holds text or an end beside others.
    ///
    /// Lenient, so that streams of other programs can be read: one that writes only `text`, `done` and `error` has an
    /// answer, an end and a failure, whatever else is missing. Nothing in an entry makes this fail.
    public static func all(in entry: StreamEntry) -> [RunEvent] {
        let (name, text, error) = (entry["event"], entry["text"], entry["error"])
        let kind = name.map(Kind.init(rawValue:))
        let isDone = entry["done"]?.lowercased() == "true"
        var kinds: [Kind] = []
        if text != nil { kinds.append(.text) }
        if let kind, kind != .text { kinds.append(kind) }
        if kind?.isTerminal != true, isDone || (kind == nil && error != nil) {
            kinds.append(error == nil ? .taskCompleted : .taskFailed)
        }
        if kinds.isEmpty { kinds = [kind ?? .unnamed] }
        return kinds.map { RunEvent(entry, as: $0, text: text, error: error, mayBeSuperseded: name != nil) }
    }

    private init(_ entry: StreamEntry, as kind: Kind, text: String?, error: String?, mayBeSuperseded: Bool) {
        id = entry.id
        self.kind = kind
        self.text = kind == .text ? text ?? "" : nil
        data = entry["data"]
        self.error = kind == .text ? nil : error
        self.mayBeSuperseded = mayBeSuperseded
        sequence = Self.number(in: entry["sequence"], from: 0)
        run = Self.number(in: entry["run"], from: 1) ?? 1
        timestamp = Self.date(entry["timestamp"]) ?? Date(timeIntervalSince1970: Double(entry.id.milliseconds) / 1000)
    }

    /// A whole number of the range in which all programs count alike: below 2^53.
    private static func number(in text: String?, from lowest: Int) -> Int? {
        text.flatMap { Int($0) }.flatMap { (lowest..<1 << 53).contains($0) ? $0 : nil }
    }

    /// The year 9999 ends before 253,402,300,800 seconds.
    private static func date(_ text: String?) -> Date? {
        guard let milliseconds = text.flatMap({ Double($0) }), (0..<253_402_300_800_000).contains(milliseconds) else {
            return nil
        }
        return Date(timeIntervalSince1970: milliseconds / 1000)
    }
}

extension Sequence<StreamEntry> {
    /// The events in these entries.
    package var runEvents: [RunEvent] { flatMap { RunEvent.all(in: $0) } }
}
