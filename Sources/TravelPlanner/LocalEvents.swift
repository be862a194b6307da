public import AgentKit

/// The tool `get_local_events`: four built-in events for well-known cities, and plain words where it has none.
public struct LocalEvents: Tool {
    /// What the model calls it.
    public let name = "get_local_events"
    /// What it does, in words for the model.
    public let summary = "What is on at a destination: festivals, markets, concerts, exhibitions."
    /// A destination, and a date if known.
    public var parameters: JSONValue { DestinationArguments.schema }

    /// Looking up changes nothing.
    public let isSafeToRepeat = true

    /// The tool needs no set-up.
    public init() {}

    /// Looks the destination up.
    ///
    /// - Throws: an error that the model is shown, if an argument is missing or wrong.
    public func call(_ arguments: JSONValue) async throws -> JSONValue {
        let destination = try DestinationArguments(arguments).destination
        guard let guide = CityGuide.find(in: destination) else {
            return [
                "destination": .string(destination), "events": [],
                "summary": .string("no events: the built-in guide does not know \(destination)"),
            ]
        }
        return [
            "destination": .string(guide.name), "events": .array(guide.events.map(JSONValue.string)),
            "summary": .string("\(guide.events.count) events, such as \(guide.events.first ?? "none")"),
        ]
    }
}
