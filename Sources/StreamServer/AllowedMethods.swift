import HTTPTypes
import Hummingbird

/// Which methods a path answers, for who comes with another one.
enum AllowedMethods {
    private static let table: [(path: [String], methods: String)] = [
        ([], "GET, HEAD"),
        (["api", "health"], "GET, HEAD"),
        (["api", "agents", "*", "run"], "POST"),
        (["api", "agent", "stream", "*"], "GET, HEAD"),
        (["api", "agent", "stream", "*", "cancel"], "POST"),
    ]

    /// The value of the header `Allow`, or nil for a path that nothing answers.
    static func at(_ path: String) -> String? {
        let parts = path.split(separator: "/")
        return table.first { entry in
            entry.path.count == parts.count && zip(entry.path, parts).allSatisfy { $0 == "*" || $0 == $1 }
        }?.methods
    }
}

extension HTTPField.Name {
    /// Which methods a resource answers.
    static let allow = HTTPField.Name.checked("Allow")
}
