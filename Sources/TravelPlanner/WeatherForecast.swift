import AgentKit

/// The tool `get_weather_forecast`: built-in weather for well-known cities, something mild for the rest.
public struct WeatherForecast: Tool {
    /// What the model calls it.
    public let name = "get_weather_forecast"
    /// What it does, in words for the model.
    public let summary = "The weather at a destination: condition, highest and lowest temperature, what to wear."
    /// A destination, and a date if known.
    public var parameters: JSONValue { DestinationArguments.schema }

    /// The tool needs no set-up.
    public init() {}

    /// Looks the destination up.
    public func call(_ arguments: JSONValue) async throws -> JSONValue {
        let destination = try DestinationArguments(arguments).destination
        let guide = CityGuide.find(in: destination)
        let weather = guide?.weather ?? Weather(.partlyCloudy, high: 22, low: 14)
        return [
            "destination": .string(guide?.name ?? destination),
            "condition": .string(weather.condition.rawValue),
            "high_c": .number(Double(weather.high)),
            "low_c": .number(Double(weather.low)),
            "high_f": .number(Double(Weather.fahrenheit(weather.high))),
            "low_f": .number(Double(Weather.fahrenheit(weather.low))),
            "recommendation": .string(weather.recommendation),
        ]
    }
}
