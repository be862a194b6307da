import Foundation
import StreamKit
import Testing

@Suite("Random identifiers")
struct RandomIDTests {
    @Test func `an identifier reads as a UUID of version 4`() throws {
        for _ in 0..<1_000 {
            let text = RandomID().uuid
            let characters = Array(text)

            #expect(UUID(uuidString: text) != nil && text == text.lowercased())
            #expect(characters[14] == "4")
            #expect("89ab".contains(characters[19]))
        }
    }

    @Test func `the short forms are the beginning and the whole of the same digits`() {
        let identifier = RandomID()

        #expect(identifier.hex == identifier.uuid.replacing("-", with: ""))
        #expect(identifier.short == identifier.hex.prefix(8))
    }

    @Test func `leading zeros are kept`() {
        var zeros = Constant(value: 0)
        var ones = Constant(value: .max)

        #expect(RandomID(using: &zeros).uuid == "00000000-0000-4000-8000-000000000000")
        #expect(RandomID(using: &ones).uuid == "ffffffff-ffff-4fff-bfff-ffffffffffff")
    }
}

private struct Constant: RandomNumberGenerator {
    let value: UInt64
    mutating func next() -> UInt64 { value }
}
