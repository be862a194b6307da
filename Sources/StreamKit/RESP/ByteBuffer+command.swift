// The wire format of a command: `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`, its words counted and length-prefixed.
// Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server>

extension ByteBuffer {
    /// Starts a command of so many words, its name included.
    mutating func beginCommand(_ name: StaticString, words: Int) {
        beginCommand(words: words)
        word(name)
    }

    mutating func beginCommand(words: Int) {
        write(atMost: Wire.longestHeader) { Wire.header("*", words, at: $0) }
    }

    mutating func word(_ text: StaticString) {
        text.withUTF8Buffer { word(UnsafeRawBufferPointer($0)) }
    }

    mutating func word(_ text: String) {
        let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { word(UnsafeRawBufferPointer($0)) }
        if isWritten == nil { word(ContiguousArray(text.utf8)) }
    }

    /// Text that Objective-C holds, out of line: within, it would cost every word of a command 15 instructions.
    @inline(never)
    private mutating func word(_ bytes: ContiguousArray<UInt8>) {
        bytes.withUnsafeBytes { word($0) }
    }

    mutating func word(_ bytes: UnsafeRawBufferPointer) {
        write(atMost: Wire.longestHeader + bytes.count + 2) { destination in
            let start = Wire.header("$", bytes.count, at: destination)
            Wire.copy(bytes, to: destination + start)
            Wire.endLine(at: destination + start + bytes.count)
            return start + bytes.count + 2
        }
    }

    mutating func word(_ number: Int) {
        withUnsafeTemporaryAllocation(byteCount: Wire.longestNumber, alignment: 1) { scratch in
            var end = scratch.count
            Wire.digits(UInt64(number.magnitude), before: &end, in: scratch)
            if number < 0 {
                end -= 1
                scratch[end] = UInt8(ascii: "-")
            }
            word(UnsafeRawBufferPointer(rebasing: scratch[end...]))
        }
    }

    mutating func word(_ id: StreamID) {
        withUnsafeTemporaryAllocation(byteCount: 2 * Wire.longestNumber, alignment: 1) { scratch in
            var end = scratch.count
            Wire.digits(id.sequence, before: &end, in: scratch)
            end -= 1
            scratch[end] = UInt8(ascii: "-")
            Wire.digits(id.milliseconds, before: &end, in: scratch)
            word(UnsafeRawBufferPointer(rebasing: scratch[end...]))
        }
    }
}

extension Duration {
    /// Milliseconds, rounded up, so that a short wait never becomes 0 (which Redis reads as "forever").
    ///
    /// What is longer than Redis can count, or shorter, becomes the longest or shortest time that it can.
    package var wholeMilliseconds: Int {
        // A hundred million years, and far enough from the end that a server may add it to its own clock.
        let most: Int64 = 1 << 61 / 1_000
        let (seconds, attoseconds) = components
        let whole = Int(min(max(seconds, -most), most)) * 1_000
        return whole + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    /// Nanoseconds, from 0 to 292 years, so that a clock's time can be added.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0 else { return 0 }
        guard seconds < Int64.max / 1_000_000_000 else { return UInt64(Int64.max) }
        return UInt64(seconds) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
    }
}
