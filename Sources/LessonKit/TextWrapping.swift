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
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
        return 2
    default:
        return 1
    }
}

/// Breaks one paragraph into lines of at most `width` columns.
///
/// Lines break at spaces, and a word longer than a line, as JSON often is, after its commas. A word without
/// either stays whole on its own line, so it can be copied from the screen. Runs of spaces inside
/// a line stay as they are, so that a reply's columns keep their place.
///
/// - Parameters:
///   - paragraph: a text without line breaks.
///   - width: columns of the terminal.
///   - hanging: what is put before every line but the first.
/// - Returns: the lines, at least one.
public func wrap(_ paragraph: String, width: Int, hanging: String = "") -> [String] {
    let width = max(width, displayWidth(hanging) + 8)
    let longestWord = width - displayWidth(hanging)
    var lines: [String] = []
    var rest = paragraph[...]
    var indent = ""
    while let cut = breakIndex(of: rest, width: width - displayWidth(indent), longestWord: longestWord) {
        lines.append(indent + trimmingTrailingSpaces(rest[..<cut]))
        rest = rest[cut...].drop { $0 == " " }
        indent = hanging
    }
    lines.append(indent + rest)
    return lines
}

/// The last place to break a text that is wider than `width`, or the first one if none is within it.
///
/// - Returns: `nil` if the text fits, or has no such place.
private func breakIndex(of text: Substring, width: Int, longestWord: Int) -> String.Index? {
    var used = 0
    var best: String.Index?
    var last: Character = " "
    var isInLongWord = false
    var hasWord = false
    for index in text.indices {
        let character = text[index]
        if character == " ", last != " ", hasWord, best == nil || used <= width { best = index }
        if character != " ", last == " " { isInLongWord = exceeds(text[index...].prefix { $0 != " " }, longestWord) }
        used += displayWidth(character)
        if character != " " {
            hasWord = true
            // What is printed does not fit: a space over the edge would not matter.
            if used > width, let best { return best }
        }
        let next = text.index(after: index)
        if character == ",", isInLongWord, next < text.endIndex, text[next] != " " { best = next }
        last = character
    }
    guard used > width, let best, text[best...].contains(where: { $0 != " " }) else { return nil }
    return best
}

private func exceeds(_ text: Substring, _ width: Int) -> Bool {
    var used = 0
    return text.contains { character in
        used += displayWidth(character)
        return used > width
    }
}

private func trimmingTrailingSpaces(_ text: Substring) -> Substring {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
}
