/// What is sent on a new connection before anybody uses it: AUTH, PING, SELECT, HELLO, CLIENT SETNAME, SETINFO, INFO.
///
/// All of it has to be over by the deadline, and replies must not be larger than those commands need, because the
/// server might not be Redis.
struct Greeting {
    /// Far more than a greeting's replies ever are.
    private static let mostReplyBytes = 64 << 10

    let link: Link
    let configuration: RedisConfiguration
    let deadline: UInt64
    /// Whether it has answered as Redis does; if it hangs up later, trying again is worthwhile.
    var isRedis = false

    /// Says who we are and which database we want, and learns what the server calls this connection.
    /// - Throws: the failure; what the server said is a ``StreamKitError/server(_:)``.
    mutating func exchange() throws(StreamKitError) {
        let usual = link.parser.maximumReplyBytes
        link.parser.maximumReplyBytes = Self.mostReplyBytes
        do throws(StreamKitError) {
            try introduce()
        } catch {
            // A Sentinel refuses most of these commands, with errors that do not say that it is one.
            guard case .server = error, (try? isSentinel()) == true else { throw error }
            throw sentinel
        }
        isRedis = true
        guard try !isSentinel() else { throw sentinel }
        if let name = configuration.clientName { try ask(["CLIENT", "SETNAME", name]) }
        try ask(["CLIENT", "SETINFO", "LIB-NAME", "streamkit"])
        // An ACL may forbid it; then a cancelled blocking read closes its connection instead.
        link.identity = try ask(["CLIENT", "INFO"]).text.flatMap(ClientIdentity.init)
        link.parser.maximumReplyBytes = usual
    }

    private func introduce() throws(StreamKitError) {
        if let arguments = configuration.credentials.authentication { try demand(arguments) }
        // In these states some commands still work: those that end the state, or those that this user is allowed.
        try demand(["PING"], unless: ["MASTERDOWN", "BUSY", "NOPERM"])
        if configuration.database != 0 { try demand(["SELECT", String(configuration.database)]) }
    }

    /// Whether it is a Sentinel that answers (HELLO; Redis before 6.0 does not tell).
    private func isSentinel() throws(StreamKitError) -> Bool {
        let facts = try ask(["HELLO"]).elements?.map(\.text) ?? []
        return facts.firstIndex(of: "mode").map { facts.dropFirst($0 + 1).first == "sentinel" } ?? false
    }

    private var sentinel: StreamKitError {
        // Port 26379 is only the usual one.
        let address =
            switch configuration.endpoint {
            case .tcp(let host, let port): "-h \(host) -p \(port)"
            case .unix(let path): "-s \(path)"
            }
        return .cannotConnect(
            "\(configuration) is a Redis Sentinel, which watches servers and holds no data. "
                + "Ask it for the server (redis-cli \(address) SENTINEL MASTERS) and connect to that one.")
    }

    /// Sends a command that has to succeed, or to fail with one of the given errors.
    private func demand(_ arguments: [String], unless harmless: [String] = []) throws(StreamKitError) {
        let reply = try ask(arguments)
        guard reply.kind == .error else { return }
        let error = ServerError(message: reply.text ?? "", command: arguments[0], address: "\(configuration)")
        guard harmless.contains(error.prefix) else { throw .server(error) }
    }

    /// Sends a command and returns the reply, which may be an error.
    @discardableResult
    private func ask(_ arguments: [String]) throws(StreamKitError) -> Reply {
        let canWrite = try write(arguments)
        return try reply(to: arguments[0], mayWait: canWrite)
    }

    /// False if the server hung up: what it said before that is still to be read.
    private func write(_ arguments: [String]) throws(StreamKitError) -> Bool {
        var command = ByteBuffer(capacity: 256)
        command.command(arguments)
        while !command.isEmpty {
            switch command.withBytes({ link.write($0) }) {
            case .bytes(let count): command.removeFirst(count)
            case .failed: return false
            case .wouldBlock:
                guard link.wait(toWrite: true, until: deadline) else { throw silence(arguments[0], "in time") }
            }
        }
        return true
    }

    private func reply(to command: String, mayWait: Bool) throws(StreamKitError) -> Reply {
        while true {
            switch link.read() {
            case .replies(let storage):
                guard link.parser.roots.count == 1 else { throw silence(command, "but said more than it was asked") }
                return Reply(storage: storage, index: 0)
            case .broke(let reason): throw hangUp(command, reason)
            case .unreadable(let error): throw silence(command, "as Redis would: \(error)")
            case .nothing:
                guard mayWait, link.wait(toWrite: false, until: deadline) else {
                    throw silence(command, "in time")
                }
            }
        }
    }

    private func hangUp(_ command: String, _ reason: String) -> StreamKitError {
        if isRedis {
            return .connectionLost("The connection to \(configuration) broke: \(reason).", outcomeUnknown: false)
        }
        #if TLS
        if configuration.usesTLS { return TLSProblem(configuration).ofGreeting(reason) }
        #endif
        return silence(command, "but hung up: \(reason)")
    }

    private func silence(_ command: String, _ how: String) -> StreamKitError {
        .cannotConnect(
            "Redis at \(configuration) accepted the connection but did not answer \(command) \(how)"
                + (how.hasSuffix(".") || how.hasSuffix("?") ? " " : ". ")
                + "Is that port Redis, and without TLS? With TLS it is rediss://.")
    }
}

/// How the server tells one connection from all others, those before a restart included.
struct ClientIdentity: Hashable {
    let id: String
    let address: String

    /// Reads the answer to CLIENT INFO, which is `id=7 addr=127.0.0.1:51234 …`.
    init?(info: String) {
        let words = info.split(whereSeparator: \.isWhitespace)
        guard let id = words.first(where: { $0.hasPrefix("id=") })?.dropFirst(3),
            let address = words.first(where: { $0.hasPrefix("addr=") })?.dropFirst(5)
        else { return nil }
        (self.id, self.address) = (String(id), String(address))
    }
}
