import AgentKit

/// The text that the scripted model writes: a heading per day, places, weather, events, tips.
struct Itinerary {
    let request: TripRequest
    let weather: JSONValue?
    let events: [String]
    /// The hotel, or why there is none.
    let booking: String?

    init(request: TripRequest, results: [JSONValue]) {
        self.request = request
        weather = results.first { $0["condition"] != nil }
        let error = results.lazy.compactMap { $0["error"]?.string }.first { $0.contains("book_hotel") }
        booking = results.lazy.compactMap { $0["booking"]?.string }.first ?? error
        events = results.compactMap { $0["events"]?.array }.first?.compactMap(\.string) ?? []
    }

    var text: String {
        ([opening] + hotel + (0..<request.days).map(day) + [tips]).joined(separator: "\n\n") + "\n"
    }

    private var city: String { request.destination }
    private var guide: CityGuide? { CityGuide.find(in: city) }

    private var opening: String {
        let length = request.days == 1 ? "one day" : "\(request.days) days"
        let title = "# ✈️ \(city) in \(length)\n\n"
        guard guide != nil else {
            return title + "My built-in guide does not know \(city), so I have no forecast, no events and no names of "
                + "places. Here is a plan that suits most cities."
        }
        return title + "Here is your plan, made for the weather and for what is on. \(forecast)"
    }

    private var hotel: [String] { booking.map { ["🏨 \($0)"] } ?? [] }

    private var forecast: String {
        guard let weather, let condition = weather["condition"]?.string else {
            return "I could not get a forecast, so keep an eye on the sky."
        }
        let number = { (name: String) in weather[name]?.integer.map(String.init) ?? "?" }
        return """
            Expect \(condition.lowercased()), \(number("low_c")) to \(number("high_c")) °C \
            (\(number("low_f")) to \(number("high_f")) °F). \(weather["recommendation"]?.string ?? "")
            """
    }

    private func day(_ index: Int) -> String {
        let places = guide?.places ?? Self.placesAnywhere
        let of = { (part: Int) in places[(index * 3 + part) % places.count] }
        let event = events.isEmpty ? "" : "\n- 🎟️ On today: \(events[index % events.count])."
        return """
            ## \(Self.titles[index % Self.titles.count].0) Day \(index + 1): \(Self.titles[index % Self.titles.count].1)

            - 🌅 **9:00** Start at \(of(0)), before the crowds do.
            - 🏛️ **14:00** After lunch, \(of(1)); allow two to three hours.
            - 🌆 **19:00** Dinner and a stroll: \(of(2)).\(event)
            """
    }

    private var tips: String {
        """
        ## 💡 Before you go

        - 🚇 \(guide?.transport ?? "Ask for a day ticket at the station; it pays off from the third ride").
        - 🍜 Do not leave without \(guide?.dish ?? "a dish that you cannot pronounce").
        - 📱 Book the morning of day 1 ahead; keep the rest loose.

        Have a wonderful trip! 🎒
        """
    }

    private static let titles = [
        ("🗺️", "Arrival and first sights"), ("🎨", "Culture and neighbourhoods"), ("🌿", "Markets and views"),
        ("🚆", "A second look"), ("☕", "Slow morning, long evening"), ("🛍️", "Streets and shops"), ("👋", "Farewell"),
    ]

    private static let placesAnywhere = [
        "the old town", "the city museum", "the riverside", "the central market", "the botanical garden",
        "the theatre quarter", "the cathedral hill", "a local gallery", "a viewpoint at sunset",
    ]
}
