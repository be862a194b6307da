import Foundation
import Testing

@Suite("The shape that all lessons' READMEs have in common")
struct LessonShapeTests {
    private static let lessons = Narrative.readmes.filter { $0.hasPrefix("Lessons/") }
    private static let shape = [
        "Concept", "Run it", "What you saw", "How it works", "Try it yourself", "What can go wrong", "Next",
    ]

    @Test func `there are five of them`() {
        #expect(Self.lessons.count == 5)
    }

    @Test(arguments: lessons)
    func `the parts come in the same order`(readme: String) throws {
        let text = LessonText(try Narrative.text(of: readme))

        let parts = text.sections.compactMap { section in
            Self.shape.first { section.heading.lowercased().hasSuffix($0.lowercased()) }
        }

        #expect(parts == Self.shape)
    }

    @Test(arguments: lessons)
    func `the goal and the command to run are on the first screen`(readme: String) throws {
        let screen = try Narrative.text(of: readme).lines.prefix(24)

        #expect(screen.contains { $0.hasPrefix("**Goal.**") || $0 == "## Goal" })
        #expect(screen.contains { $0.hasPrefix("./lesson ") })
    }

    @Test(arguments: lessons)
    func `it has the length of a lesson`(readme: String) throws {
        let count = LessonText(try Narrative.text(of: readme)).wordCount

        #expect((600...1200).contains(count))
    }

    @Test(arguments: lessons)
    func `it quotes its own source and its own output`(readme: String) throws {
        let blocks = try MarkdownBlock.all(in: try Narrative.text(of: readme))
        let markers = try blocks.compactMap { try $0.comment.flatMap { try BlockMarker(comment: $0) } }

        #expect(markers.contains { if case .source = $0 { true } else { false } })
        #expect(markers.contains { if case .output = $0 { true } else { false } })
    }

    @Test(arguments: lessons)
    func `exercises hide a hint, and each error comes with cause and fix`(readme: String) throws {
        let text = LessonText(try Narrative.text(of: readme))

        let exercises = try #require(text.section("Try it yourself"))
        let troubles = try #require(text.section("What can go wrong"))

        #expect(exercises.count { $0.contains("<summary>Hint</summary>") } >= 2)
        #expect(exercises.contains { $0.localizedStandardContains("predict") })
        #expect(troubles.contains("| message | cause | fix |"))
        #expect(troubles.count { $0.hasPrefix("| `") } >= 3)
    }
}

@Suite("Taking a lesson's text apart")
struct LessonTextTests {
    @Test func `code, comments, tags and rules do not count as words`() {
        let text = LessonText(
            """
            # Two words
            <!-- source: a#b -->
            ```swift
            let code = 1
            ```
            A [link with four](words.md) | --- | <details>
            """)

        #expect(text.wordCount == 6)
    }

    @Test func `sections begin at their headings, and none inside a block`() {
        let text = LessonText("before\n## The concept\none\n```\n## not this\n```\n## Next\ntwo")

        #expect(text.sections.map(\.heading) == ["", "The concept", "Next"])
        #expect(text.section("Concept")?.last == "```")
        #expect(text.section("Goal") == nil)
    }
}
