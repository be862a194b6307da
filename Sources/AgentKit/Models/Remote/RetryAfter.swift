import Foundation

/// Reads how long a service asks to be left alone.
enum RetryAfter {
    /// The pause that the headers ask for.
    ///
    /// - Parameters:
    ///   - now: The time, for dates.
    ///   - header: The value of a header, by its name.
    /// - Returns: `nil` if they ask for none, or in a way that nobody understands.
    static func pause(now: Date = .now, header: (String) -> String?) -> Duration? {
        if let milliseconds = header("retry-after-ms").flatMap(Double.init), milliseconds >= 0,
            milliseconds.isFinite
        {
            return .seconds(min(milliseconds / 1000, longest))
        }
        guard let value = header("retry-after")?.trimmingCharacters(in: .whitespaces) else { return nil }
        if let seconds = Double(value) {
            return seconds >= 0 && seconds.isFinite ? .seconds(min(seconds, longest)) : nil
        }
        guard let date = dates.date(from: value) else { return nil }
        return .seconds(min(max(0, date.timeIntervalSince(now)), longest))
    }

    private static let longest = 1e9

    /// HTTP's form of a date: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static var dates: DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter
    }
}
