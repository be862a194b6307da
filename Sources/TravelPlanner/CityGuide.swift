import AgentKit
import Foundation

/// What the built-in tools and the scripted model know about one city.
struct CityGuide: Sendable {
    let name: String
    let weather: Weather
    let events: [String]
    /// Three a day: morning, afternoon, evening.
    let places: [String]
    let dish: String
    let transport: String

    /// The first city that a text names, whatever its case or accents.
    static func find(in text: String) -> CityGuide? {
        let words = " " + plain(text) + " "
        let named = all.compactMap { city in words.range(of: " \(plain(city.name)) ").map { (city, $0.lowerBound) } }
        return named.min { $0.1 < $1.1 }?.0
    }

    private static func plain(_ text: String) -> String {
        text.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
            .split { !$0.isLetter }.joined(separator: " ")
    }
}
