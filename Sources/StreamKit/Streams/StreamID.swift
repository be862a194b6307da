/// The position of one entry in a stream: when it arrived, and in what order.
///
/// Written `milliseconds-sequence`, for example `1718000000000-2`. IDs compare as a pair of
/// numbers, so `9-0` comes before `10-0`.
/// Source: <https://redis.io/docs/latest/develop/data-types/streams/#entry-ids>
public struct StreamID: Hashable, Comparable, Sendable {
    /// Milliseconds since the Unix epoch, by the server's clock.
    public let milliseconds: UInt64
    /// Place among the entries that share a millisecond, counting from 0.
    public let sequence: UInt64

    /// The ID with these two numbers.
    public init(milliseconds: UInt64, sequence: UInt64 = 0) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// `0-0`, which comes before every entry.
    public static let zero = StreamID(milliseconds: 0)
    /// The highest ID there can be.
    public static let maximum = StreamID(milliseconds: .max, sequence: .max)

    /// Earlier first: by milliseconds, then by sequence.
    public static func < (left: StreamID, right: StreamID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}

extension StreamID: LosslessStringConvertible, Codable {
    /// Reads `1718000000000-2`, or `1718000000000` for the sequence 0.
    /// - Returns: `nil` for anything but one or two unsigned 64-bit numbers.
    public init?(_ text: String) {
        var text = text
        guard let id = text.withUTF8({ StreamID(ascii: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = id
    }

    /// The ID as Redis writes it.
    public var description: String { "\(milliseconds)-\(sequence)" }

    /// Reads the ID's text form.
    ///
    /// - Throws: `DecodingError` if it is not an ID.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = StreamID(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "'\(text)' is not a stream ID like 1718000000000-0."))
        }
        self = id
    }

    /// Writes the ID's text form.
    ///
    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Reads an ID from bytes without making a string first.
    init?(ascii bytes: UnsafeRawBufferPointer) {
        guard let (milliseconds, end) = Self.number(in: bytes, from: 0) else { return nil }
        if end == bytes.count {
            self = StreamID(milliseconds: milliseconds)
            return
        }
        guard bytes[end] == UInt8(ascii: "-"), let (sequence, last) = Self.number(in: bytes, from: end + 1),
            last == bytes.count
        else { return nil }
        self = StreamID(milliseconds: milliseconds, sequence: sequence)
    }

    /// The number that starts at an index, and where it ends; `nil` without a digit, or if it takes more than 64 bits.
    @inline(__always)
    private static func number(in bytes: UnsafeRawBufferPointer, from start: Int) -> (value: UInt64, end: Int)? {
        /// A number with this many digits always fits.
        let safeDigits = 19
        var value: UInt64 = 0
        var index = start
        while index < bytes.count {
            let digit = UInt64(bytes[index] &- UInt8(ascii: "0"))
            guard digit < 10 else { break }
            if index - start < safeDigits {
                value = value &* 10 &+ digit
            } else {
                let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
                let (sum, overflow) = product.addingReportingOverflow(digit)
                guard !tooLarge, !overflow else { return nil }
                value = sum
            }
            index += 1
        }
        return index > start ? (value, index) : nil
    }
}
