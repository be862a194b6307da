/// The beginning of a text that fits into a number of terminal columns.
///
/// - Parameters:
///   - text: One line.
///   - width: Columns; emoji and East Asian characters take two.
/// - Returns: The text itself where it fits.
public func clipped(_ text: String, width: Int) -> String {
    var used = 0
    return String(
        text.prefix { character in
            used += displayWidth(String(character))
            return used <= width
        })
}
