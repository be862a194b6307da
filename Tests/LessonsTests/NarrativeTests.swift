import Foundation
import Testing

/// With `SYNC_NARRATIVE=1` in the environment (`./lesson sync`) the READMEs are rewritten instead of compared.
@Suite("The READMEs and the source they quote")
struct NarrativeTests {
    private let sync = ProcessInfo.processInfo.environment["SYNC_NARRATIVE"] == "1"

    @Test(arguments: Narrative.pages)
    func `quoted code and output are what the source says and the lessons print`(readme: String) async throws {
        let written = try Narrative.text(of: readme)
        var narrative = Narrative()

        let updated = try await narrative.updated(written)

        if sync {
            try updated.write(
                to: ProductRun.root.appendingPathComponent(readme), atomically: true, encoding: .utf8)
        } else {
            let differences = Difference.lines(from: written.lines, to: updated.lines)
            #expect(differences.isEmpty, "\(readme) is out of date; ./lesson sync rewrites it:\n\(differences)")
        }
    }

    @Test(arguments: Narrative.pages)
    func `every Swift block names the source it quotes`(readme: String) throws {
        let blocks = try MarkdownBlock.all(in: try Narrative.text(of: readme))

        let unmarked = try blocks.filter { $0.language == "swift" }.filter { block in
            let marker = try block.comment.flatMap { try BlockMarker(comment: $0) }
            if case .source = marker { return false }
            return true
        }

        #expect(unmarked.map(\.lineNumber) == [], "blocks at these lines of \(readme) have no source comment")
    }

    @Test(arguments: Narrative.pages)
    func `every link to a file leads to one`(readme: String) throws {
        let folder = (readme as NSString).deletingLastPathComponent
        let links = try Narrative.text(of: readme).matches(of: /\]\(([^)#\s]+)(?:#[^)]*)?\)/).map { String($0.1) }

        let broken = links.filter { !$0.contains("://") }.filter {
            !Narrative.exists((folder as NSString).appendingPathComponent($0))
        }

        #expect(broken == [])
    }
}
