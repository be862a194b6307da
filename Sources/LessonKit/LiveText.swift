/// A text that is shown word by word while somebody writes it, wrapped at the terminal's width.
///
/// A word appears once it is complete, so that a line never breaks in the middle of one, wherever the chunks
/// were cut.
public struct LiveText {
    private let narrator: Narrator
    private let prefix: String
    private let hanging: String
    private var word = ""
    private var spaces = ""
    /// Columns of the current line that are taken; 0 before its prefix was written.
    private var column = 0

    /// A text whose lines begin with `prefix`; what continues a line that was too long begins with `hanging`.
    public init(_ narrator: Narrator, prefix: String, hanging: String) {
        (self.narrator, self.prefix, self.hanging) = (narrator, prefix, hanging)
    }

    /// Adds a chunk and shows the words that it completes.
    public mutating func append(_ chunk: String) {
        for character in chunk {
            switch character {
            case "\n", "\r\n", "\r":
                showWord()
                endLine()
            case " ":
                showWord()
                spaces.append(character)
            default:
                word.append(character)
                if displayWidth(hanging) + displayWidth(word) >= narrator.terminal.width { showWord() }
            }
        }
    }

    /// Shows what is left, and ends the line if one was begun.
    public mutating func end() {
        showWord()
        if column > 0 { endLine() }
    }

    private mutating func showWord() {
        guard !word.isEmpty else { return }
        beginLine()
        word = printable(word)
        let width = displayWidth(spaces) + displayWidth(word)
        if column + width > narrator.terminal.width, column > displayWidth(hanging) {
            narrator.terminal.write("\n" + hanging + word)
            column = displayWidth(hanging) + displayWidth(word)
        } else {
            narrator.terminal.write(spaces + word)
            column += width
        }
        (word, spaces) = ("", "")
    }

    private mutating func endLine() {
        beginLine()
        narrator.terminal.write("\n")
        (column, spaces) = (0, "")
    }

    private mutating func beginLine() {
        guard column == 0 else { return }
        narrator.begin(.result, prefix)
        column = displayWidth(prefix)
    }
}
