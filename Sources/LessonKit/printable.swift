/// A text as a terminal may show it: characters that would steer the terminal are escaped.
///
/// Every text that lessons print from a log, a name, a file or the network passes this function. Line breaks stay;
/// a tab becomes four spaces. Control characters, and those that reverse the direction of text, become visible:
/// `\u{1B}` for Escape.
/// - Parameter text: what somebody else may have written.
/// - Returns: the same text, harmless.
public func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0 != "\n" && needsEscape($0) }) else { return text }
    var shown = String.UnicodeScalarView()
    let unified = text.replacing("\r\n", with: "\n")
    for scalar in unified.unicodeScalars {
        if scalar == "\n" || !needsEscape(scalar) {
            shown.append(scalar)
        } else if scalar == "\t" {
            shown.append(contentsOf: "    ".unicodeScalars)
        } else {
            shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
        }
    }
    return String(shown)
}

private func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // C0, DEL and C1; marks, embeddings, overrides and isolates of direction; line and paragraph separators.
    case 0...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
}
