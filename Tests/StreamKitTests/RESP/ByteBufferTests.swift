import Testing

@testable import StreamKit

@Suite("The bytes of a command")
struct ByteBufferTests {
    @Test(arguments: Array(0...130) + [999, 1_000, 70_000])
    func `a word of any length is written whole and nothing beside it`(length: Int) {
        let word = String(decoding: (0..<length).map { UInt8(97 + $0 % 26) }, as: UTF8.self)

        let bytes = encoded { buffer in
            buffer.word(word)
            buffer.word("end")
        }

        #expect(bytes == Array("$\(length)\r\n\(word)\r\n$3\r\nend\r\n".utf8))
    }

    @Test(arguments: [0, 7, 10, 99, 100, -1, Int.max, Int.min])
    func `a number is written as its digits`(number: Int) {
        #expect(encoded { $0.word(number) } == encoded { $0.word(String(number)) })
    }

    @Test func `an ID is written as Redis writes it`() {
        let id = StreamID(milliseconds: .max, sequence: 0)
        #expect(encoded { $0.word(id) } == encoded { $0.word(id.description) })
    }

    @Test(arguments: [1, 9, 10, 99, 100, 20_000])
    func `a command tells how many words it has`(count: Int) {
        #expect(encoded { $0.beginCommand(words: count) } == Array("*\(count)\r\n".utf8))
    }

    @Test func `text that is not ASCII is counted in bytes`() {
        #expect(encoded { $0.word("né") } == Array("$3\r\nné\r\n".utf8))
        #expect(encoded { $0.word("") } == Array("$0\r\n\r\n".utf8))
    }

    private func encoded(_ write: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer(capacity: 1)
        write(&buffer)
        return buffer.withBytes { Array($0) }
    }
}
