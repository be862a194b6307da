// The wire format of a command: `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`, its words counted and length-prefixed.
// Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server>

extension ByteBuffer {
    /// Starts a command of so many words, its name included.
    mutating func beginCommand(_ name: StaticString, words: Int) {
        header("*", words)
        word(name)
    }

    mutating func beginCommand(words: Int) {
        header("*", words)
    }

    mutating func word(_ text: StaticString) {
        text.withUTF8Buffer { word(UnsafeRawBufferPointer($0)) }
    }

    mutating func word(_ text: String) {
        var text = text
        text.withUTF8 { word(UnsafeRawBufferPointer($0)) }
    }

    mutating func word(_ bytes: UnsafeRawBufferPointer) {
        header("$", bytes.count)
        append(bytes)
        endLine()
    }

    mutating func word(_ number: Int) {
        withDigits(of: UInt64(number.magnitude), negative: number < 0) { buffer, digits in buffer.word(digits) }
    }

    mutating func word(_ id: StreamID) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 42) { scratch in
            var end = 42
            Self.writeDigits(of: id.sequence, before: &end, in: scratch)
            end -= 1
            scratch[end] = UInt8(ascii: "-")
            Self.writeDigits(of: id.milliseconds, before: &end, in: scratch)
            word(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[end...]))
        }
    }

    private mutating func header(_ mark: Unicode.Scalar, _ number: Int) {
        append(UInt8(ascii: mark))
        if number < 10 {
            append(UInt8(ascii: "0") + UInt8(number))
        } else {
            withDigits(of: UInt64(number), negative: false) { buffer, digits in buffer.append(digits) }
        }
        endLine()
    }

    private mutating func endLine() {
        append(UInt8(ascii: "\r"))
        append(UInt8(ascii: "\n"))
    }

    private mutating func withDigits(
        of number: UInt64, negative: Bool, _ body: (inout ByteBuffer, UnsafeRawBufferPointer) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 21) { scratch in
            var end = 21
            Self.writeDigits(of: number, before: &end, in: scratch)
            if negative {
                end -= 1
                scratch[end] = UInt8(ascii: "-")
            }
            body(&self, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[end...]))
        }
    }

    private static func writeDigits(
        of number: UInt64, before end: inout Int, in scratch: UnsafeMutableBufferPointer<UInt8>
    ) {
        var rest = number
        repeat {
            end -= 1
            scratch[end] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }
}

extension Duration {
    /// Milliseconds, rounded up, so that a short wait never becomes 0 (which Redis reads as "for ever").
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
    }
}
