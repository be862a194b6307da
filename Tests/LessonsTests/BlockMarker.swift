/// What a block quotes, as the comment above it says.
enum BlockMarker: Hashable {
    /// A marked region of a source file.
    case source(path: String, region: String)
    /// What a product prints: all of it, or from one line up to another.
    case output(command: [String], from: String?, to: String?)
}

extension BlockMarker {
    /// Reads `source: FILE#REGION` or `output: COMMAND; from: "…"; to: "…"`; nil for any other comment.
    init?(comment: String) throws(NarrativeError) {
        if let rest = comment.after("source:") {
            let parts = rest.split(separator: "#", omittingEmptySubsequences: false).map(\.trimmed)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { throw .malformedMarker(comment) }
            self = .source(path: parts[0], region: parts[1])
        } else if let rest = comment.after("output:") {
            let clauses = rest.splitOutsideQuotes(at: ";").map(\.trimmed)
            let command = clauses[0].splitOutsideQuotes(at: " ").map(\.unquoted).filter { !$0.isEmpty }
            var bounds: [String: String] = [:]
            for clause in clauses.dropFirst() {
                guard let key = ["from", "to"].first(where: { clause.hasPrefix($0 + ":") }), bounds[key] == nil,
                    let text = clause.after(key + ":"), text.count > 2, text.unquoted.count == text.count - 2
                else { throw .malformedMarker(comment) }
                bounds[key] = text.unquoted
            }
            guard !command.isEmpty else { throw .malformedMarker(comment) }
            self = .output(command: command, from: bounds["from"], to: bounds["to"])
        } else {
            return nil
        }
    }

    /// The part of an output that this marker asks for, without blank lines at either end.
    static func excerpt(of lines: [String], from: String?, to: String?) throws(NarrativeError) -> [String] {
        var rest = lines[...]
        if let from {
            guard let start = rest.firstIndex(where: { $0.contains(from) }) else { throw .missingLine(from) }
            rest = rest[start...]
        }
        if let to {
            guard let end = rest.dropFirst().firstIndex(where: { $0.contains(to) }) else { throw .missingLine(to) }
            rest = rest[..<end]
        }
        while rest.first?.trimmed.isEmpty == true { rest.removeFirst() }
        while rest.last?.trimmed.isEmpty == true { rest.removeLast() }
        return Array(rest)
    }
}

extension String {
    fileprivate func after(_ prefix: String) -> String? {
        hasPrefix(prefix) ? dropFirst(prefix.count).trimmed : nil
    }

    /// The text without the double quotes around it; itself if it has none.
    fileprivate var unquoted: String {
        count >= 2 && hasPrefix("\"") && hasSuffix("\"") ? String(dropFirst().dropLast()) : self
    }

    /// The pieces between separators, those inside double quotes not counting; at least one piece.
    fileprivate func splitOutsideQuotes(at separator: Character) -> [String] {
        var pieces = [""]
        var quoted = false
        for character in self {
            if character == "\"" { quoted.toggle() }
            if character == separator, !quoted {
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        return pieces
    }
}
