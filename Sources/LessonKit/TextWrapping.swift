/// Columns that a text takes on a terminal, where emoji and East Asian characters take two.
func displayWidth(_ text: some StringProtocol) -> Int {
    text.reduce(0) { $0 + displayWidth($1) }
}

private func displayWidth(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    if first.properties.isEmojiPresentation { return 2 }
    if character.unicodeScalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
    switch first.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6:
        return 2
    default:
        return 1
    }
}

/// Breaks one paragraph into lines of at most `width` columns.
///
/// Lines break at spaces; a word longer than a line is cut. Runs of spaces inside a line stay as
/// they are, so that a reply's columns keep their place.
///
/// - Parameters:
///   - paragraph: a text without line breaks.
///   - width: columns of the terminal.
///   - hanging: what is put before every line but the first.
/// - Returns: the lines, at least one.
public func wrap(_ paragraph: String, width: Int, hanging: String = "") -> [String] {
    let width = max(width, displayWidth(hanging) + 8)
    var lines: [String] = []
    var rest = paragraph[...]
    var indent = ""
    while displayWidth(indent) + displayWidth(rest) > width {
        let cut = breakIndex(of: rest, width: width - displayWidth(indent))
        lines.append(indent + trimmingTrailingSpaces(rest[..<cut]))
        rest = rest[cut...].drop { $0 == " " }
        indent = hanging
    }
    lines.append(indent + rest)
    return lines
}

/// The place to cut: after the last space that fits, or in the middle of a word that fills the line.
private func breakIndex(of text: Substring, width: Int) -> String.Index {
    var used = 0
    var end = text.startIndex
    var lastSpace: String.Index?
    while end < text.endIndex {
        used += displayWidth(text[end])
        if text[end] == " ", end > text.startIndex { lastSpace = end }
        if used > width { break }
        end = text.index(after: end)
    }
    let hasWordBefore = lastSpace.map { text[..<$0].contains { $0 != " " } } ?? false
    if let lastSpace, hasWordBefore { return lastSpace }
    return end > text.startIndex ? end : text.index(after: text.startIndex)
}

private func trimmingTrailingSpaces(_ text: Substring) -> Substring {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
}
