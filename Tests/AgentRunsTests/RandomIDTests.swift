import Foundation
import Testing

@testable import AgentRuns

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

    @Test func `the hexadecimal form has the same digits`() {
        let identifier = RandomID()

        #expect(identifier.hex == identifier.uuid.replacing("-", with: ""))
    }

    @Test func `leading zeros are kept`() {
        #expect(RandomID(0, 0).uuid == "00000000-0000-4000-8000-000000000000")
        #expect(RandomID(.max, .max).uuid == "ffffffff-ffff-4fff-bfff-ffffffffffff")
    }
}
