import Foundation

/// The pieces that commands are made of.
enum Wire {
    /// 20 digits and a sign.
    static let longestNumber = 21
    static let longestHeader = 1 + longestNumber + 2

    /// Writes `$5\r\n`; returns its length.
    @inline(__always)
    static func header(_ mark: Unicode.Scalar, _ number: Int, at destination: UnsafeMutableRawPointer) -> Int {
        // Nearly every argument is shorter than a hundred bytes. The last byte of a line is its highest.
        if number < 10 {
            let line = UInt32(UInt8(ascii: mark)) | digit(number) << 8 | 0x0A0D_0000
            destination.storeBytes(of: line.littleEndian, as: UInt32.self)
            return 4
        }
        if number < 100 {
            let line = UInt32(UInt8(ascii: mark)) | digit(number / 10) << 8 | digit(number % 10) << 16 | 0x0D00_0000
            destination.storeBytes(of: line.littleEndian, as: UInt32.self)
            destination.storeBytes(of: 0x0A, toByteOffset: 4, as: UInt8.self)
            return 5
        }
        return longHeader(mark, number, at: destination)
    }

    /// Copies bytes; a usual argument has so few of them that it needs no call of `memcpy`.
    @inline(__always)
    static func copy(_ bytes: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer) {
        guard let source = bytes.baseAddress else { return }
        let count = bytes.count
        switch count {
        case 0: break
        case 1: copy(UInt8.self, source, to: destination, at: 0)
        case 2, 3:
            copy(UInt16.self, source, to: destination, at: 0)
            copy(UInt16.self, source, to: destination, at: count - 2)
        case 4...7:
            copy(UInt32.self, source, to: destination, at: 0)
            copy(UInt32.self, source, to: destination, at: count - 4)
        case 8...16:
            copy(UInt64.self, source, to: destination, at: 0)
            copy(UInt64.self, source, to: destination, at: count - 8)
        default: memcpy(destination, source, count)
        }
    }

    /// Copies one number's worth of bytes; two that overlap make any length in between.
    @inline(__always)
    private static func copy<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, _ source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, at offset: Int
    ) {
        destination.storeBytes(
            of: source.loadUnaligned(fromByteOffset: offset, as: type), toByteOffset: offset, as: type)
    }

    @inline(never)
    private static func longHeader(
        _ mark: Unicode.Scalar, _ number: Int, at destination: UnsafeMutableRawPointer
    ) -> Int {
        destination.storeBytes(of: UInt8(ascii: mark), as: UInt8.self)
        return withUnsafeTemporaryAllocation(byteCount: longestNumber, alignment: 1) { scratch in
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
    private static func digit(_ value: Int) -> UInt32 { UInt32(truncatingIfNeeded: 48 + value) }

    static func digits(_ number: UInt64, before end: inout Int, in scratch: UnsafeMutableRawBufferPointer) {
        var rest = number
        repeat {
            end -= 1
            scratch[end] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }
}
