import AgentKit

/// The tool `get_local_events`: four built-in events for well-known cities, kinds of events for the rest.
public struct LocalEvents: Tool {
    /// What the model calls it.
    public let name = "get_local_events"
    /// What it does, in words for the model.
    public let summary = "What is on at a destination: festivals, markets, concerts, exhibitions."
    /// A destination, and a date if known.
    public var parameters: JSONValue { DestinationArguments.schema }

    /// The tool needs no set-up.
    public init() {}

    /// Looks the destination up.
    public func call(_ arguments: JSONValue) async throws -> JSONValue {
        let destination = try DestinationArguments(arguments).destination
        let guide = CityGuide.find(in: destination)
        return [
            "destination": .string(guide?.name ?? destination),
            "events": .array((guide?.events ?? Self.anywhere).map(JSONValue.string)),
        ]
    }

    private static let anywhere = [
        "Farmers' market on the main square, Saturday morning",
        "Guided walk through the old town, daily at 10:00",
        "Live music in a local bar, Friday at 20:30",
        "Changing exhibition at the city museum, until 18:00",
    ]
}
