public import AgentKit

/// Plans trips day by day, with the weather and the events at the destination taken into account.
public struct TravelPlanner: Agent {
    /// `TravelPlanner`.
    public let name = "TravelPlanner"
    /// The model that writes the itinerary.
    public let model: any ChatModel
    /// The weather, the events and a hotel.
    public let tools: [any Tool]
    /// What an itinerary has to have.
    public let instructions = """
        You plan trips. Look up the weather and the local events at the destination before you write. \
        Write a day-by-day itinerary in Markdown: a heading per day, named places with times, how to get about, \
        practical tips, and what the weather and the events mean for each day. Use emoji with taste. \
        Book a hotel only if the user asks for one.
        """

    /// A planner on a model; the scripted one needs no key.
    public init(
        model: any ChatModel = ScriptedModel(), tools: [any Tool] = [WeatherForecast(), LocalEvents(), BookHotel()]
    ) {
        self.model = model
        self.tools = tools
    }
}
