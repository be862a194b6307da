import Foundation

/// The READMEs and what their blocks ought to say.
struct Narrative {
    /// Paths of the READMEs from the repository's root: its own and one for each lesson.
    static let readmes: [String] = {
        let lessons = ProductRun.root.appendingPathComponent("Lessons")
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: lessons.path)) ?? []
        return ["README.md"] + folders.sorted().map { "Lessons/\($0)/README.md" }.filter { exists($0) }
    }()

    /// Pages beside the READMEs that quote source as well.
    static let pages =
        readmes + ["Lessons/04-AgentTaskLogging/YOUR-AGENT.md", "Lessons/05-StreamingToUsers/DELIVERY.md"]

    private var outputs: [[String]: [String]] = [:]

    /// The text of a file, named by its path from the repository's root.
    static func text(of path: String) throws -> String {
        try String(contentsOf: ProductRun.root.appendingPathComponent(path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: ProductRun.root.appendingPathComponent(path).path)
    }

    /// The README with every marked block brought up to date; equal to what it was if all of them agree.
    ///
    /// A block of output whose normalised lines agree stays as it is, so times in it do not change for nothing.
    mutating func updated(_ markdown: String) async throws -> String {
        var lines = markdown.lines
        for block in try MarkdownBlock.all(in: markdown).reversed() {
            guard let marker = try block.comment.flatMap({ try BlockMarker(comment: $0) }) else { continue }
            let quoted = try await quoted(by: marker, for: block)
            let start = block.contentStart
            lines.replaceSubrange(start..<start + block.lines.count, with: quoted)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private mutating func quoted(by marker: BlockMarker, for block: MarkdownBlock) async throws -> [String] {
        switch marker {
        case .source(let path, let region):
            return try SnippetRegion.lines(of: region, in: Self.text(of: path))
        case .output(let command, let from, let to):
            let typed = Array(block.lines.prefix { $0.hasPrefix("$ ") })
            let before = Array(block.lines.dropFirst(typed.count))
            let now = try BlockMarker.excerpt(of: try await output(of: command), from: from, to: to)
            let same = OutputNormalizer.normalize(before) == OutputNormalizer.normalize(now)
            return typed + (same ? before : now)
        }
    }

    private mutating func output(of command: [String]) async throws -> [String] {
        if let known = outputs[command] { return known }
        let lines = try await ProductRun.output(of: command)
        outputs[command] = lines
        return lines
    }
}
