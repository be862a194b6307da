public import AgentKit

/// The tool `get_weather_forecast`: built-in weather for well-known cities, and plain words where it has none.
public struct WeatherForecast: Tool {
    /// What the model calls it.
    public let name = "get_weather_forecast"
    /// What it does, in words for the model.
    public let summary = "The weather at a destination: condition, highest and lowest temperature, what to wear."
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
                "destination": .string(destination),
                "summary": .string("no forecast: the built-in guide does not know \(destination)"),
            ]
        }
        let weather = guide.weather
        return [
            "destination": .string(guide.name),
            "condition": .string(weather.condition.rawValue),
            "high_c": JSONValue(weather.high),
            "low_c": JSONValue(weather.low),
            "high_f": JSONValue(Weather.fahrenheit(weather.high)),
            "low_f": JSONValue(Weather.fahrenheit(weather.low)),
            "recommendation": .string(weather.recommendation),
            "summary": .string("\(weather.condition.rawValue.lowercased()), \(weather.low)–\(weather.high) °C"),
        ]
    }
}
