/// What changed between two texts, for a person to read.
enum Difference {
    /// The lines removed (`-`) and added (`+`), each with its number, in the order of their numbers.
    static func lines(from before: [String], to after: [String]) -> String {
        let changes = after.difference(from: before).map { change in
            switch change {
            case .remove(let offset, let line, _): (offset: offset, text: "\(offset + 1) - \(line)")
            case .insert(let offset, let line, _): (offset: offset, text: "\(offset + 1) + \(line)")
            }
        }
        return changes.sorted { $0.offset < $1.offset }.map(\.text).joined(separator: "\n")
    }
}
