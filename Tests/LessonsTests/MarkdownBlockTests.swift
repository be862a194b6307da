import Testing

@Suite("Fenced blocks of a README")
struct MarkdownBlockTests {
    @Test func `a block has its language, its lines and the comment right above`() throws {
        let blocks = try MarkdownBlock.all(
            in: """
                # Title
                <!-- source: A.swift#b -->
                ```swift
                let a = 1

                let b = 2
                ```
                """)

        let expected = MarkdownBlock(
            language: "swift", comment: "source: A.swift#b", lines: ["let a = 1", "", "let b = 2"], lineNumber: 3)
        #expect(blocks == [expected])
    }

    @Test func `a comment with a blank line below it belongs to no block`() throws {
        let blocks = try MarkdownBlock.all(in: "<!-- source: A.swift#b -->\n\n```swift\n```\n")

        #expect(blocks.map(\.comment) == [nil])
        #expect(blocks.map(\.lines) == [[]])
    }

    @Test func `a longer fence can hold a shorter one`() throws {
        let blocks = try MarkdownBlock.all(in: "````markdown\n```swift\n```\n````\n")

        #expect(blocks.map(\.language) == ["markdown"])
        #expect(blocks.map(\.lines) == [["```swift", "```"]])
    }

    @Test func `a fence that is never closed is an error that names its line`() {
        #expect(throws: NarrativeError.unclosedFence(line: 2)) {
            try MarkdownBlock.all(in: "text\n```swift\nlet a = 1\n")
        }
    }

    @Test func `code between backticks on one line is not a fence`() throws {
        #expect(try MarkdownBlock.all(in: "```inline``` text\n").isEmpty)
    }
}

@Suite("The comment above a block")
struct BlockMarkerTests {
    @Test func `names a region of a file`() throws {
        let marker = try BlockMarker(comment: "source: Lessons/01-Basics/Basics.swift#append")

        #expect(marker == .source(path: "Lessons/01-Basics/Basics.swift", region: "append"))
    }

    @Test func `names a command, and lines to begin and end at`() throws {
        let marker = try BlockMarker(
            comment: #"output: agent-task-logging run "A trip; to Rome" --quiet; from: "1. Ask"; to: "2. Look""#)

        let command = ["agent-task-logging", "run", "A trip; to Rome", "--quiet"]
        #expect(marker == .output(command: command, from: "1. Ask", to: "2. Look"))
    }

    @Test func `may say something else, which marks nothing`() throws {
        #expect(try BlockMarker(comment: "prettier-ignore") == nil)
    }

    @Test(arguments: [
        "source: A.swift", "source: #a", "source: A.swift#a#b", "output:", "output: ; from: \"a\"",
        "output: basics; from: a", "output: basics; from: \"a\"; from: \"b\"", "output: basics; until: \"a\"",
        "output: basics; from: \"\"",
    ])
    func `is refused when it is half written`(comment: String) {
        #expect(throws: NarrativeError.malformedMarker(comment)) { try BlockMarker(comment: comment) }
    }

    @Test func `cuts the output from one line up to another, without blank lines around`() throws {
        let output = ["one", "== two", "", "three", "", "== four"]

        #expect(try BlockMarker.excerpt(of: output, from: "two", to: "==") == ["== two", "", "three"])
        #expect(try BlockMarker.excerpt(of: output, from: "four", to: nil) == ["== four"])
        #expect(try BlockMarker.excerpt(of: output, from: nil, to: "three") == ["one", "== two"])
    }

    @Test func `fails when the output has no such line`() {
        #expect(throws: NarrativeError.missingLine("two")) {
            try BlockMarker.excerpt(of: ["one"], from: "two", to: nil)
        }
        #expect(throws: NarrativeError.missingLine("one")) {
            try BlockMarker.excerpt(of: ["one"], from: "one", to: "one")
        }
    }
}
