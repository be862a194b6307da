import Testing

@testable import StreamServer

@Suite("Bearer tokens")
struct AccessTokensTests {
    private let first = "first-token-0123456789", second = "second/token+0123456789=="

    @Test func `each token has its holder, and others have none`() throws {
        let tokens = try AccessTokens("ann:\(first),\(second)")

        #expect(tokens.holder(of: first) == "ann")
        let unnamed = try #require(tokens.holder(of: second))
        #expect(unnamed.hasPrefix("sha256:") && !unnamed.contains("second"))
        for wrong in ["", "ann", "ann:\(first)", first + "0", String(first.dropLast()), first.uppercased()] {
            #expect(tokens.holder(of: wrong) == nil, "\(wrong)")
        }
    }

    @Test func `a file has one per line, and may have comments`() throws {
        let tokens = try AccessTokens("# Ours\r\n\nann:\(first)\r\nann:\(second)\n")
        #expect(tokens.holder(of: first) == "ann" && tokens.holder(of: second) == "ann")
    }

    @Test(arguments: [
        "", "\n", "# only a comment", "short", "ann:", "ann:short", ":first-token-0123456789",
        "first-token\u{0}0123456789", "first token 0123456789", " first-token-0123456789", "first-token-0123456789 ",
        "ann:first-token\t0123456789", "first-token-0123456789\u{a0}", "tökén-0123456789-0123",
        "a nn:first-token-0123456789", "ann:first-token-0123456789,bob",
    ])
    func `what cannot be a token is refused, by an error that does not contain it`(text: String) {
        let error = #expect(throws: AccessTokensError.self) { try AccessTokens(text) }
        #expect(error?.description.contains("0123456789") == false)
    }
}
