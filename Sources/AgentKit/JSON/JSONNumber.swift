/// A JSON number with the digits that it was written with: `2512292042121000001`, `0.10` and `1e400` stay as they are.
///
/// Two numbers are equal if they are written alike.
public struct JSONNumber: Hashable, Sendable {
    /// The number as JSON text.
    public let literal: String

    /// Reads a number.
    ///
    /// - Returns: `nil` for anything but a JSON number.
    public init?(literal: String) {
        var parser = JSONParser(literal)
        guard let number = try? parser.number(), parser.isAtEnd else { return nil }
        self = number
    }

    /// A whole number.
    public init(_ value: Int) { literal = String(value) }

    init(checked literal: String) { self.literal = literal }

    /// The value as an integer; `nil` if it has a fraction or does not fit.
    public var integer: Int? {
        if let whole = Int(literal) { return whole }
        // A Double has exact integers up to 2^53 only.
        return double.flatMap { abs($0) < 0x1p53 ? Int(exactly: $0) : nil }
    }

    /// The nearest floating-point value; `nil` if it is too large for one.
    public var double: Double? { Double(literal).flatMap { $0.isFinite ? $0 : nil } }
}
