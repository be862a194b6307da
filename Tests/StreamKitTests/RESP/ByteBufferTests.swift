import Testing

@testable import StreamKit

@Suite("The bytes of a command")
struct ByteBufferTests {
    @Test(arguments: Array(0...130) + [999, 1_000, 70_000])
    func `an argument of any length is written whole, and nothing else`(length: Int) {
        let word = String(decoding: (0..<length).map { UInt8(97 + $0 % 26) }, as: UTF8.self)

        let bytes = encoded { buffer in
            buffer.argument(word)
            buffer.argument("end")
        }

        #expect(bytes == Array("$\(length)\r\n\(word)\r\n$3\r\nend\r\n".utf8))
    }

    @Test(arguments: [0, 7, 10, 99, 100, -1, Int.max, Int.min])
    func `a number is written as its digits`(number: Int) {
        #expect(encoded { $0.argument(number) } == encoded { $0.argument(String(number)) })
    }

    @Test func `an ID is written as Redis writes it`() {
        let id = StreamID(milliseconds: .max, sequence: 0)
        #expect(encoded { $0.argument(id) } == encoded { $0.argument(id.description) })
    }

    @Test(arguments: [1, 9, 10, 99, 100, 20_000])
    func `a command says how many arguments it has`(count: Int) {
        #expect(encoded { $0.beginCommand(arguments: count) } == Array("*\(count)\r\n".utf8))
    }

    @Test func `text that is not ASCII is counted in bytes`() {
        #expect(encoded { $0.argument("né") } == Array("$3\r\nné\r\n".utf8))
        #expect(encoded { $0.argument("") } == Array("$0\r\n\r\n".utf8))
    }

    @Test(
        arguments: [
            (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.microseconds(1_001), 2),
            (.microseconds(-1_500), -1), (.milliseconds(-2), -2), (.seconds(-1), -1_000),
            (.seconds(Int64.max), 1 << 61), (.seconds(Int64.min), -(1 << 61)),
        ] as [(Duration, Int)])
    func `a time is rounded up to milliseconds that Redis can count`(time: Duration, milliseconds: Int) {
        #expect(time.wholeMilliseconds == milliseconds)
    }

    @Test func `a time in nanoseconds is neither negative nor longer than a clock can count`() {
        #expect(Duration.microseconds(3).nanoseconds == 3_000)
        #expect(Duration.seconds(-1).nanoseconds == 0 && Duration.nanoseconds(-1).nanoseconds == 0)
        #expect(Duration.seconds(Int64.max).nanoseconds == UInt64(Int64.max))
    }

    private func encoded(_ write: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer(capacity: 1)
        write(&buffer)
        return buffer.withBytes { Array($0) }
    }
}
