import Foundation
import StreamKit
import Testing

@Suite("A stream ID")
struct StreamIDTests {
    @Test(arguments: [
        "abc", "", "-", "1-", "-1", "1-2-3", "1-x", " 1-0", "+1-0", "18446744073709551616-0", "٣-0",
        "1-18446744073709551616", "99999999999999999999", "1844674407370955161600-1",
    ])
    func `that is malformed is nil`(text: String) {
        #expect(StreamID(text) == nil)
    }

    @Test func `compares as a pair of numbers`() throws {
        let sorted = try ["10-0", "9-0", "9-10", "9-9"].map { try #require(StreamID($0)) }.sorted()

        #expect(sorted.map(\.description) == ["9-0", "9-9", "9-10", "10-0"])
    }

    @Test func `without a sequence means the first of its millisecond`() {
        #expect(StreamID("17") == StreamID(milliseconds: 17, sequence: 0))
    }

    @Test func `may take all 64 bits of both numbers, and zeros before them`() {
        #expect(StreamID("18446744073709551615-18446744073709551615") == .maximum)
        #expect(StreamID("0000000000000000000000017-02") == StreamID(milliseconds: 17, sequence: 2))
    }

    @Test func `is a string in JSON`() throws {
        let json = try JSONEncoder().encode([StreamID(milliseconds: 3, sequence: 4)])

        #expect(String(decoding: json, as: UTF8.self) == #"["3-4"]"#)
        #expect(try JSONDecoder().decode([StreamID].self, from: json).first?.sequence == 4)
    }
}
