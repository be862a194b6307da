import Foundation

/// The time as the header `Date` has it, for example `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static var now: String { text(time(nil)) }

    /// The text for seconds since the Unix epoch.
    static func text(_ seconds: time_t) -> String {
        var (seconds, time) = (seconds, tm())
        gmtime_r(&seconds, &time)
        let clock = [time.tm_hour, time.tm_min, time.tm_sec].map(digits).joined(separator: ":")
        let month = months[Int(time.tm_mon)]
        return "\(days[Int(time.tm_wday)]), \(digits(time.tm_mday)) \(month) \(1_900 + time.tm_year) \(clock) GMT"
    }

    private static func digits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
