import AgentKit

/// What the scripted model makes of a prompt: where to, and for how long.
struct TripRequest: Hashable, Sendable {
    let destination: String
    /// Between 1 and 7.
    let days: Int
    /// Whether something is to be booked, too.
    let wantsBooking: Bool

    init(_ prompt: String) {
        destination = CityGuide.find(in: prompt)?.name ?? Self.properName(in: prompt) ?? "your destination"
        days = Self.days(in: prompt)
        wantsBooking = prompt.lowercased().split { !$0.isLetter }.contains { ["book", "booking"].contains($0) }
    }

    private static let numbers = ["one", "two", "three", "four", "five", "six", "seven"]

    private static func days(in prompt: String) -> Int {
        let words = prompt.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        if words.contains("week") { return 7 }
        if words.contains("weekend") { return 2 }
        for (word, next) in zip(words, words.dropFirst()) where next == "day" || next == "days" {
            let count =
                Int(word) ?? numbers.firstIndex(of: word).map { $0 + 1 } ?? (["a", "single"].contains(word) ? 1 : nil)
            if let count { return min(max(count, 1), 7) }
        }
        return 3
    }

    /// The capitalised words after "to", "in" or "visit": `Plan a trip to Buenos Aires` names Buenos Aires.
    private static func properName(in prompt: String) -> String? {
        let words = prompt.split(whereSeparator: \.isWhitespace)
        guard let before = words.lastIndex(where: { ["to", "in", "visit", "visiting"].contains($0.lowercased()) })
        else { return nil }
        let name = words[(before + 1)...].prefix { $0.first?.isUppercase ?? false }.prefix(4).joined(separator: " ")
        let trimmed = name.split { !$0.isLetter && $0 != " " && $0 != "-" && $0 != "'" }.first.map(String.init)
        return trimmed.flatMap { $0.isEmpty ? nil : $0 }
    }
}
