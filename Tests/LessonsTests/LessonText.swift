/// A lesson's README taken apart: its sections, and its prose without code, output and comments.
struct LessonText {
    /// The text of each section by its heading, in order; what stands before the first has an empty heading.
    let sections: [(heading: String, lines: [String])]
    private let prose: [String]

    /// Takes a Markdown text apart; headings are the lines that begin with `## `.
    init(_ markdown: String) {
        var sections: [(heading: String, lines: [String])] = [("", [])]
        var prose: [String] = []
        var isInBlock = false
        for line in markdown.lines {
            let isFence = line.trimmed.hasPrefix("```")
            if isFence { isInBlock.toggle() }
            if !isInBlock, line.hasPrefix("## ") { sections.append((line.dropFirst(3).trimmed, [])) }
            sections[sections.count - 1].lines.append(line)
            if !isInBlock, !isFence { prose.append(line) }
        }
        self.sections = sections
        self.prose = prose
    }

    /// How many words a reader reads: code, output, comments, HTML tags and table rules do not count.
    var wordCount: Int {
        let text = prose.joined(separator: "\n").replacing(
            /<!--.*?-->|<[^>]*>|\]\([^)]*\)/.dotMatchesNewlines(), with: " ")
        return text.split(whereSeparator: \.isWhitespace).count { $0.contains { $0.isLetter || $0.isNumber } }
    }

    /// The lines of the section under a heading; nil if there is none.
    func section(_ heading: String) -> [String]? {
        sections.first { $0.heading.lowercased().hasSuffix(heading.lowercased()) }?.lines
    }
}
