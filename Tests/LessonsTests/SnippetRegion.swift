/// A region of a source file, between `// snippet: NAME` and `// end snippet`.
enum SnippetRegion {
    /// The lines of the region of that name, moved left as far as they all can be.
    static func lines(of name: String, in source: String) throws(NarrativeError) -> [String] {
        let lines = source.lines
        let starts = lines.indices.filter { marker(lines[$0]) == .start(name) }
        guard let start = starts.first else { throw .missingRegion(name) }
        guard starts.count == 1 else { throw .repeatedRegion(name) }
        let rest = lines[(start + 1)...]
        guard let end = rest.firstIndex(where: { marker($0) != nil }), marker(lines[end]) == .end else {
            throw .unclosedRegion(name)
        }
        return dedented(Array(rest[..<end]))
    }

    private enum Marker: Equatable {
        case start(String)
        case end
    }

    private static func marker(_ line: String) -> Marker? {
        let line = line.trimmed
        if line == "// end snippet" { return .end }
        let opening = "// snippet:"
        return line.hasPrefix(opening) ? .start(line.dropFirst(opening.count).trimmed) : nil
    }

    private static func dedented(_ lines: [String]) -> [String] {
        let margin = lines.filter { !$0.trimmed.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { $0.trimmed.isEmpty ? "" : String($0.dropFirst(margin)) }
    }
}
