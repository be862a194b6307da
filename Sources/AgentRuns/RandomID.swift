import StreamKit

/// A random identifier of 128 bits, 122 of which are random.
///
/// The bits come from the system's generator (`getrandom` on Linux), which needs no file. A process that has
/// used up its file descriptors therefore still gets different identifiers. Where the system has no random
/// bits at all, the process ends rather than go on with a constant.
/// Source: <https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4>
package struct RandomID {
    /// The identifier as 32 hexadecimal digits.
    package let hex: String

    /// Draws a new identifier.
    package init() {
        let bits = UInt64.min...UInt64.max
        self.init(.random(in: bits), .random(in: bits))
    }

    /// Makes an identifier of 128 bits, of which the version and the variant are replaced.
    init(_ high: UInt64, _ low: UInt64) {
        // The version (4) and the variant (binary 10), as a UUID marks them.
        hex = (high & ~0xf000 | 0x4000).hexDigits + (low & ~(0b11 << 62) | 0b10 << 62).hexDigits
    }

    /// The identifier as a UUID of version 4, in lower case: `f81d4fae-7dec-41d0-a765-00a0c91e6bf6`.
    package var uuid: String {
        let digits = Substring(hex)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { range in
            digits.dropFirst(range.lowerBound).prefix(range.count)
        }.joined(separator: "-")
    }
}
