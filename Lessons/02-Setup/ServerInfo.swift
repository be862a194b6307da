import StreamKit

/// What INFO says, field by field.
struct ServerInfo {
    private var fields: [String: String]

    init(_ text: String) {
        fields = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
    }

    /// An empty answer if the ACL user is not allowed to ask.
    static func read(from redis: Redis) async -> ServerInfo {
        ServerInfo((try? await redis.send("INFO").text) ?? "")
    }

    subscript(_ name: String) -> String? { fields[name] }

    var isEmpty: Bool { fields.isEmpty }

    /// Valkey tells its own version apart from the Redis version whose commands it has.
    var version: String? { fields["valkey_version"] ?? fields["redis_version"] }

    var product: String { fields["valkey_version"] == nil ? "Redis" : "Valkey" }

    /// Major and minor number.
    var versionNumbers: (Int, Int)? {
        let parts = version?.split(separator: ".").compactMap { Int($0) } ?? []
        return parts.count >= 2 ? (parts[0], parts[1]) : nil
    }
}
