import StreamKit

/// The server of a lesson, and whether it ends with the lesson.
struct LessonServer {
    var configuration: RedisConfiguration
    var isPrivate: Bool

    /// What one types to look at the server; it asks for a password rather than show it.
    var redisCLI: String {
        var words = ["redis-cli"]
        switch configuration.endpoint {
        case .unix(let path): words += ["-s", path]
        case .tcp("localhost", 6379), .tcp("127.0.0.1", 6379): break
        case .tcp(let host, let port): words += ["-h", host, "-p", String(port)]
        }
        if configuration.database != 0 { words += ["-n", String(configuration.database)] }
        if configuration.usesTLS { words.append("--tls") }
        if let username = configuration.username { words += ["--user", username] }
        if configuration.password != nil { words.append("--askpass") }
        return words.joined(separator: " ")
    }
}
