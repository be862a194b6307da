import Testing

@Suite("Marked regions of source")
struct SnippetRegionTests {
    private let source = """
        func a() {
            // snippet: inner
            if true {

                b()
            }
            // end snippet
        }
        // snippet: other
        let c = 1
        // end snippet
        // snippet: open
        """

    @Test func `a region is moved left as far as all its lines can be`() throws {
        #expect(try SnippetRegion.lines(of: "inner", in: source) == ["if true {", "", "    b()", "}"])
        #expect(try SnippetRegion.lines(of: "other", in: source) == ["let c = 1"])
    }

    @Test func `an unknown name is an error`() {
        #expect(throws: NarrativeError.missingRegion("inne")) { try SnippetRegion.lines(of: "inne", in: source) }
    }

    @Test func `a region without an end is an error`() {
        #expect(throws: NarrativeError.unclosedRegion("open")) { try SnippetRegion.lines(of: "open", in: source) }
        #expect(throws: NarrativeError.unclosedRegion("a")) {
            try SnippetRegion.lines(of: "a", in: "// snippet: a\n// snippet: b\n// end snippet\n")
        }
    }

    @Test func `a name used twice is an error`() {
        let twice = "// snippet: a\n// end snippet\n// snippet: a\n// end snippet\n"

        #expect(throws: NarrativeError.repeatedRegion("a")) { try SnippetRegion.lines(of: "a", in: twice) }
    }
}
