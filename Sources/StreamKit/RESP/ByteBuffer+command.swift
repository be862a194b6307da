// The wire format of a command: `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`, its arguments counted and length-prefixed.
// Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server>

extension ByteBuffer {
    /// Starts a command of the given number of arguments, its name included.
    mutating func beginCommand(_ name: StaticString, arguments: Int) {
        beginCommand(arguments: arguments)
        argument(name)
    }

    mutating func beginCommand(arguments: Int) {
        write(atMost: Wire.longestHeader) { Wire.header("*", arguments, at: $0) }
    }

    /// Writes a whole command: its name, then its arguments.
    mutating func command(_ words: [String]) {
        beginCommand(arguments: words.count)
        for word in words { argument(word) }
    }

    mutating func argument(_ text: StaticString) {
        text.withUTF8Buffer { argument(UnsafeRawBufferPointer($0)) }
    }

    mutating func argument(_ text: String) {
        let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { argument(UnsafeRawBufferPointer($0)) }
        if isWritten == nil { argument(ContiguousArray(text.utf8)) }
    }

    /// Writes text that Objective-C holds.
    ///
    /// It is out of line: inlined, it would cost every argument of a command 15 instructions.
    @inline(never)
    private mutating func argument(_ bytes: ContiguousArray<UInt8>) {
        bytes.withUnsafeBytes { argument($0) }
    }

    mutating func argument(_ bytes: UnsafeRawBufferPointer) {
        write(atMost: Wire.longestHeader + bytes.count + 2) { destination in
            let start = Wire.header("$", bytes.count, at: destination)
            Wire.copy(bytes, to: destination + start)
            Wire.endLine(at: destination + start + bytes.count)
            return start + bytes.count + 2
        }
    }

    mutating func argument(_ number: Int) {
        withUnsafeTemporaryAllocation(byteCount: Wire.longestNumber, alignment: 1) { scratch in
            var end = scratch.count
            Wire.digits(UInt64(number.magnitude), before: &end, in: scratch)
            if number < 0 {
                end -= 1
                scratch[end] = UInt8(ascii: "-")
            }
            argument(UnsafeRawBufferPointer(rebasing: scratch[end...]))
        }
    }

    mutating func argument(_ id: StreamID) {
        withUnsafeTemporaryAllocation(byteCount: 2 * Wire.longestNumber, alignment: 1) { scratch in
            var end = scratch.count
            Wire.digits(id.sequence, before: &end, in: scratch)
            end -= 1
            scratch[end] = UInt8(ascii: "-")
            Wire.digits(id.milliseconds, before: &end, in: scratch)
            argument(UnsafeRawBufferPointer(rebasing: scratch[end...]))
        }
    }
}

extension Duration {
    /// Milliseconds, rounded up, so that a short wait never becomes 0 (which Redis reads as "forever").
    ///
    /// A time that Redis cannot count becomes the longest or shortest one that it can.
    package var wholeMilliseconds: Int {
        // 73 million years, and far enough from the end that a server may add it to its own clock.
        let most: Int128 = 1 << 61
        let (whole, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
        return Int(min(max(rest > 0 ? whole + 1 : whole, -most), most))
    }

    /// Nanoseconds, limited to between 0 and 292 years, so that a clock's time can be added.
    var nanoseconds: UInt64 {
        UInt64(min(max(attoseconds / 1_000_000_000, 0), Int128(Int64.max)))
    }
}
