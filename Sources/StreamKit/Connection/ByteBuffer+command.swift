#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

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
        var text = text
        text.withUTF8 { word(UnsafeRawBufferPointer($0)) }
    }

    mutating func word(_ bytes: UnsafeRawBufferPointer) {
        write(atMost: Wire.longestHeader + bytes.count + 2) { destination in
            var length = Wire.header("$", bytes.count, at: destination)
            if let source = bytes.baseAddress { memcpy(destination + length, source, bytes.count) }
            length += bytes.count
            Wire.endLine(at: destination + length)
            return length + 2
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

/// The pieces that commands are made of.
private enum Wire {
    /// 20 digits and a sign.
    static let longestNumber = 21
    static let longestHeader = 1 + longestNumber + 2

    /// Writes `$5\r\n`; returns its length.
    @inline(__always)
    static func header(_ mark: Unicode.Scalar, _ number: Int, at destination: UnsafeMutableRawPointer) -> Int {
        destination.storeBytes(of: UInt8(ascii: mark), as: UInt8.self)
        // Nearly every word of a command is shorter than a hundred bytes.
        if number < 10 {
            destination.storeBytes(of: digit(number), toByteOffset: 1, as: UInt8.self)
            endLine(at: destination + 2)
            return 4
        }
        if number < 100 {
            destination.storeBytes(of: digit(number / 10), toByteOffset: 1, as: UInt8.self)
            destination.storeBytes(of: digit(number % 10), toByteOffset: 2, as: UInt8.self)
            endLine(at: destination + 3)
            return 5
        }
        return longHeader(number, at: destination)
    }

    @inline(never)
    private static func longHeader(_ number: Int, at destination: UnsafeMutableRawPointer) -> Int {
        withUnsafeTemporaryAllocation(byteCount: longestNumber, alignment: 1) { scratch in
            var end = scratch.count
            digits(UInt64(number), before: &end, in: scratch)
            let length = scratch.count - end
            UnsafeMutableRawBufferPointer(start: destination + 1, count: length).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: scratch[end...]))
            endLine(at: destination + 1 + length)
            return 1 + length + 2
        }
    }

    @inline(__always)
    static func endLine(at destination: UnsafeMutableRawPointer) {
        destination.storeBytes(of: UInt16(0x0D0A).bigEndian, as: UInt16.self)
    }

    @inline(__always)
    private static func digit(_ value: Int) -> UInt8 { UInt8(truncatingIfNeeded: 48 + value) }

    static func digits(_ number: UInt64, before end: inout Int, in scratch: UnsafeMutableRawBufferPointer) {
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
