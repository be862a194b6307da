import AgentKit
import Foundation
import Testing

@Suite("JSON with all its digits")
struct JSONTests {
    @Test(arguments: [
        "2512292042121000001", "-9007199254740993", "0.10", "1e400", "1E-7", "123456789012345678901234567890.5", "-0",
        "0", "1.0",
    ])
    func `a number is written as it was read`(literal: String) throws {
        let text = #"{"n":\#(literal)}"#
        #expect(try JSONValue(parsing: text).text == text)
    }

    @Test func `integers are read exactly or not at all`() throws {
        #expect(try JSONValue(parsing: "2512292042121000001").integer == 2_512_292_042_121_000_001)
        #expect(try JSONValue(parsing: "7.0").integer == 7)
        #expect(try JSONValue(parsing: "1e400").integer == nil)
        #expect(try JSONValue(parsing: "0.5").integer == nil)
        #expect(try JSONValue(parsing: "9223372036854775808").integer == nil)
        #expect(try JSONValue(parsing: "1e17").integer == nil)
    }

    @Test func `whole numbers keep their digits through Foundation's coders`() throws {
        let value: JSONValue = ["id": JSONValue(2_512_292_042_121_000_001)]
        let data = try JSONEncoder().encode(value)
        #expect(String(decoding: data, as: UTF8.self) == #"{"id":2512292042121000001}"#)
        #expect(try JSONDecoder().decode(JSONValue.self, from: data) == value)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":}", "{'a':1}", "01", "1.", ".5", "+1", "1e", "--1", "tru", "nul", "\"", "\"\\x\"",
        "\"\u{1}\"", "\"\\u12\"", "\"\\u+123\"", "1 2", "[1 2]", "NaN", "Infinity", "{\"a\" 1}", "]",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: (any Error).self) { try JSONValue(parsing: text) }
    }

    @Test func `deep nesting is refused, not followed`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: (any Error).self) { try JSONValue(parsing: deep) }
    }

    @Test func `strings come back as they were`() throws {
        for text in ["\"\\\n\r\t\u{8}\u{c}\u{0}/", "🗼 日本 é", "\u{2028}", ""] {
            let value = JSONValue.string(text)
            #expect(try JSONValue(parsing: value.text) == value)
            #expect(try JSONDecoder().decode(String.self, from: Data(value.text.utf8)) == text)
        }
        #expect(try JSONValue(parsing: #""\ud83d\uddfc""#) == "🗼")
        #expect(try JSONValue(parsing: #""\ud83d""#) == "\u{FFFD}")
        #expect(try JSONValue(parsing: #""\ud83dx""#) == "\u{FFFD}x")
    }
}
