/// One fenced block of a Markdown file, with the comment right above its fence.
struct MarkdownBlock: Equatable {
    /// The word after the opening fence: `swift`, `text`, empty.
    var language: String
    /// The content of the HTML comment on the line above the fence, trimmed; nil if there is none.
    var comment: String?
    /// The lines between the fences.
    var lines: [String]
    /// The number of the opening fence's line, from 1.
    var lineNumber: Int

    /// The index, from 0, of the first line between the fences.
    var contentStart: Int { lineNumber }
}

extension MarkdownBlock {
    /// All fenced blocks of a Markdown text, in order.
    ///
    /// A fence is three or more backticks at the start of a line; a block ends at a line of as many
    /// backticks or more, and nothing else. Throws if the text ends first.
    static func all(in markdown: String) throws(NarrativeError) -> [MarkdownBlock] {
        var blocks: [MarkdownBlock] = []
        var open: (block: MarkdownBlock, fence: Int)?
        var above: String?
        for (index, line) in markdown.lines.enumerated() {
            let ticks = line.prefix { $0 == "`" }.count
            let rest = line.dropFirst(ticks).trimmed
            if let (block, fence) = open {
                if ticks >= fence, rest.isEmpty {
                    blocks.append(block)
                    open = nil
                } else {
                    open?.block.lines.append(line)
                }
            } else if ticks >= 3, !rest.contains("`") {
                let language = rest.split(separator: " ").first.map(String.init) ?? ""
                let comment = above.flatMap(htmlComment)
                let block = MarkdownBlock(language: language, comment: comment, lines: [], lineNumber: index + 1)
                open = (block, ticks)
            }
            above = line
        }
        if let open { throw .unclosedFence(line: open.block.lineNumber) }
        return blocks
    }

    private static func htmlComment(_ line: String) -> String? {
        let line = line.trimmed
        guard line.hasPrefix("<!--"), line.hasSuffix("-->"), line.count >= 7 else { return nil }
        return line.dropFirst(4).dropLast(3).trimmed
    }
}

extension StringProtocol {
    /// The lines of the text, empty ones too; a final line break starts no further line.
    var lines: [String] {
        var lines = Substring(self).split(separator: "\n" as Character, omittingEmptySubsequences: false)
            .map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// The text without white space at either end.
    var trimmed: String {
        var rest = Substring(self)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
