/// A duration in words for a story: `0.5 seconds`, `12 ms`.
public struct Seconds: CustomStringConvertible, Sendable {
    private let duration: Duration

    /// Makes a duration readable.
    public init(_ duration: Duration) {
        self.duration = duration
    }

    /// Seconds with one decimal, or milliseconds below a tenth of a second.
    public var description: String {
        let milliseconds = duration / .milliseconds(1)
        if milliseconds >= 100 { return "\(rounded(milliseconds / 1000, places: 1)) seconds" }
        return "\(rounded(milliseconds, places: milliseconds < 10 ? 2 : 0)) ms"
    }

    private func rounded(_ value: Double, places: Int) -> String {
        guard places > 0 else { return String(Int(value.rounded())) }
        let factor = places == 1 ? 10.0 : 100.0
        return String((value * factor).rounded() / factor)
    }
}
