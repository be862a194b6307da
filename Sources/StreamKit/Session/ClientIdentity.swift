/// How the server tells one connection from all others, those before a restart included.
struct ClientIdentity: Hashable {
    let id: String
    let address: String

    /// Reads the answer to CLIENT INFO.
    init?(info: String) {
        var values: [Substring: Substring] = [:]
        for part in info.split(whereSeparator: \.isWhitespace) {
            guard let mark = part.firstIndex(of: "=") else { continue }
            values[part[..<mark]] = part[part.index(after: mark)...]
        }
        guard let id = values["id"], let address = values["addr"] else { return nil }
        (self.id, self.address) = (String(id), String(address))
    }
}
