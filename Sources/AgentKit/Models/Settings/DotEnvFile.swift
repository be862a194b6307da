import Foundation

/// The settings in a file `.env`: one `NAME=value` per line.
///
/// It understands what shells and other tools write: `export NAME=value`, comments, single quotes (nothing in them is
/// special), double quotes (`\n`, `\t`, `\"`, `\\`, `\$` are), and any line ending. A value ends at ` #`.
/// Variables in values are not replaced, and a value in quotes ends on its own line.
public struct DotEnvFile: Sendable {
    /// The values by their names; of two with one name, the later counts.
    public private(set) var values: [String: String] = [:]

    /// Reads a file; one that does not exist holds nothing.
    ///
    /// - Throws: ``ModelSettingsError`` if it cannot be read, or a line of it cannot be understood.
    public init(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            try self.init(parsing: "")
            return
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ModelSettingsError("\(path) cannot be read: is it a file, and is it yours?")
        }
        try self.init(parsing: String(decoding: data, as: UTF8.self), path: path)
    }

    /// Reads the text of a file.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - path: The file's name, for errors.
    /// - Throws: ``ModelSettingsError``, which names the line but never its content: it may be a secret.
    public init(parsing text: String, path: String = ".env") throws(ModelSettingsError) {
        let text = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let (name, value) = Self.setting(in: line) else {
                throw ModelSettingsError(
                    "\(path), line \(number + 1), is not a setting: write NAME=value, NAME='value' or NAME=\"value\".")
            }
            values[name] = value
        }
    }

    private static func setting(in line: String) -> (String, String)? {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let value = value(parts[1].trimmingCharacters(in: .whitespaces)) else { return nil }
        var name = parts[0].trimmingCharacters(in: .whitespaces)
        if name.hasPrefix("export ") { name = name.dropFirst(7).trimmingCharacters(in: .whitespaces) }
        let isName =
            name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || Character(UnicodeScalar($0)).isLetterOrDigit }
            && !name.isEmpty && name.first?.isNumber == false
        return isName ? (name, value) : nil
    }

    private static func value(_ text: String) -> String? {
        switch text.first {
        case "'": quoted(text.dropFirst(), by: "'", escapes: false)
        case "\"": quoted(text.dropFirst(), by: "\"", escapes: true)
        default: withoutComment(text)
        }
    }

    private static func withoutComment(_ text: String) -> String {
        if text.hasPrefix("#") { return "" }
        for mark in [" #", "\t#"] {
            if let comment = text.range(of: mark) {
                return text[..<comment.lowerBound].trimmingCharacters(in: .whitespaces)
            }
        }
        return text
    }

    /// The text up to the closing quote, behind which only a comment may stand.
    private static func quoted(_ text: Substring, by quote: Character, escapes: Bool) -> String? {
        var value = ""
        var rest = text
        while let character = rest.popFirst() {
            if character == quote {
                let behind = rest.trimmingCharacters(in: .whitespaces)
                return behind.isEmpty || behind.hasPrefix("#") ? value : nil
            }
            guard character == "\\", escapes, let escaped = rest.popFirst() else {
                value.append(character)
                continue
            }
            switch escaped {
            case "n": value.append("\n")
            case "t": value.append("\t")
            case "\"", "\\", "$": value.append(escaped)
            default: value.append("\\\(escaped)")
            }
        }
        return nil
    }
}

extension Character {
    fileprivate var isLetterOrDigit: Bool { isASCII && (isLetter || isNumber) }
}
