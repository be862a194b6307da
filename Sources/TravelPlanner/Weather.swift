import AgentKit

/// Built-in weather: what the sky does and how warm it gets.
struct Weather: Sendable {
    enum Condition: String, Sendable {
        case sunny = "Sunny"
        case clear = "Clear"
        case partlyCloudy = "Partly cloudy"
        case overcast = "Overcast"
        case rainy = "Light rain"
        case foggy = "Morning fog"
        case stormy = "Afternoon thunderstorms"
    }

    let condition: Condition
    /// In degrees Celsius.
    let high: Int
    /// In degrees Celsius.
    let low: Int

    init(_ condition: Condition, high: Int, low: Int) {
        self.condition = condition
        self.high = high
        self.low = low
    }

    static func fahrenheit(_ celsius: Int) -> Int {
        Int((Double(celsius) * 9 / 5 + 32).rounded())
    }

    /// What fits both the sky and the temperature.
    var recommendation: String {
        "\(skyAdvice) \(temperatureAdvice)"
    }

    private var skyAdvice: String {
        switch condition {
        case .sunny: "Take sunglasses and sunscreen, and a bottle of water."
        case .clear: "Good walking weather all day."
        case .partlyCloudy: "Fine for sightseeing; keep a light layer at hand."
        case .overcast: "Good light for photos; museums if it turns grey."
        case .rainy: "Pack an umbrella and shoes that stand a puddle."
        case .foggy: "Keep viewpoints for the afternoon, when the fog has lifted."
        case .stormy: "See the sights in the morning and be indoors by three."
        }
    }

    private var temperatureAdvice: String {
        switch high {
        case 33...: "It gets hot: rest in the shade at noon."
        case 25...: "Light clothes will do."
        case 17...: "A jacket for the evening is enough."
        case 10...: "Dress in layers and bring a coat."
        default: "Dress warmly: hat, gloves, a proper coat."
        }
    }
}
