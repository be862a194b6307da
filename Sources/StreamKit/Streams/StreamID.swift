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

    /// The ID right after this one; the highest has none after it and returns itself.
    public var next: StreamID {
        if sequence < .max { return StreamID(milliseconds: milliseconds, sequence: sequence + 1) }
        return milliseconds < .max ? StreamID(milliseconds: milliseconds + 1) : self
    }

    /// The ID right before this one; `0-0` has none before it and returns itself.
    public var previous: StreamID {
        if sequence > 0 { return StreamID(milliseconds: milliseconds, sequence: sequence - 1) }
        return milliseconds > 0 ? StreamID(milliseconds: milliseconds - 1, sequence: .max) : self
    }

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
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Reads an ID from bytes without making a string first.
    init?(ascii bytes: UnsafeRawBufferPointer) {
        var numbers: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var isSequence = false
        for byte in bytes {
            if byte == UInt8(ascii: "-"), !isSequence, digits > 0 {
                (isSequence, digits) = (true, 0)
                (numbers.1, numbers.0) = (numbers.0, 0)
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, tooLarge) = numbers.0.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !tooLarge, !overflow else { return nil }
            numbers.0 = sum
            digits += 1
        }
        guard digits > 0 else { return nil }
        self =
            isSequence
            ? StreamID(milliseconds: numbers.1, sequence: numbers.0) : StreamID(milliseconds: numbers.0)
    }
}
