import CHiredis
import Foundation

/// Opens a socket and says hello: AUTH, SELECT, CLIENT SETNAME, CLIENT SETINFO, CLIENT ID, PING.
///
/// hiredis connects and shakes hands with blocking calls, and so does name resolution. Each attempt
/// therefore has a thread of its own, which ends with it; nothing blocks Swift's cooperative threads.
enum Connector {
    /// A failure to connect, and whether waiting may help.
    struct Failure: Error {
        let error: StreamKitError
        let isTransient: Bool
    }

    static func connect(
        to configuration: RedisConfiguration, _ done: @escaping @Sendable (Result<Socket, Failure>) -> Void
    ) {
        let thread = Thread {
            ignoreBrokenPipes()
            done(Result { () throws(Failure) in try open(configuration) })
        }
        thread.name = "streamkit-connect"
        thread.stackSize = 512 << 10
        thread.start()
    }

    /// hiredis writes without MSG_NOSIGNAL, and a server that hangs up on us must not end the process.
    ///
    /// The signal goes to the thread that wrote, so blocking it here touches nobody else.
    private static func ignoreBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private static func open(_ configuration: RedisConfiguration) throws(Failure) -> Socket {
        #if !TLS
        guard !configuration.usesTLS else {
            throw failure(
                "\(configuration): TLS (rediss://) is not built in. Build with StreamKit's trait TLS "
                    + "(swift build --traits TLS), or use redis:// or unix://.", transient: false)
        }
        #endif
        let context = try connectedContext(configuration)
        do throws(Failure) {
            #if TLS
            let tls = configuration.usesTLS ? try TLSSession(on: context, configuration) : nil
            let clientID: Int
            do throws(Failure) {
                clientID = try greet(context, configuration)
            } catch {
                throw tls?.explanation(of: error, configuration) ?? error
            }
            #else
            let clientID = try greet(context, configuration)
            #endif
            guard fcntl(context.pointee.fd, F_SETFL, fcntl(context.pointee.fd, F_GETFL) | O_NONBLOCK) == 0 else {
                throw failure("\(configuration): \(String(cString: strerror(errno)))", transient: false)
            }
            #if TLS
            return Socket(context: context, clientID: clientID, tls: tls)
            #else
            return Socket(context: context, clientID: clientID)
            #endif
        } catch {
            redisFree(context)
            throw error
        }
    }

    private static func connectedContext(
        _ configuration: RedisConfiguration
    ) throws(Failure) -> UnsafeMutablePointer<redisContext> {
        let limit = timeval(configuration.connectTimeout)
        let context =
            switch configuration.endpoint {
            case .tcp(let host, let port): redisConnectWithTimeout(host, Int32(port), limit)
            case .unix(let path): redisConnectUnixWithTimeout(path, limit)
            }
        guard let context else {
            throw failure("Out of memory while connecting to \(configuration).", transient: false)
        }
        guard context.pointee.err == 0 else {
            let reason = errorText(context)
            redisFree(context)
            throw failure(
                "Cannot connect to Redis at \(configuration): \(reason). "
                    + "Is the server running there, and are host and port right?", transient: true)
        }
        redisSetTimeout(context, limit)
        if case .tcp = configuration.endpoint { redisEnableKeepAlive(context) }
        return context
    }

    /// Says who we are and which database we want; returns the connection's client ID.
    private static func greet(
        _ context: UnsafeMutablePointer<redisContext>, _ configuration: RedisConfiguration
    ) throws(Failure) -> Int {
        if let password = configuration.password {
            try ask(context, ["AUTH"] + (configuration.username.map { [$0] } ?? []) + [password], configuration)
        }
        do throws(Failure) {
            try ask(context, ["PING"], configuration)
        } catch {
            guard ["MASTERDOWN", "BUSY"].contains(error.error.serverPrefix) else { throw error }
            // Some commands are answered even so, and among them are those that mend it.
        }
        if configuration.database != 0 {
            try ask(context, ["SELECT", String(configuration.database)], configuration)
        }
        if let name = configuration.clientName {
            _ = try? ask(context, ["CLIENT", "SETNAME", name], configuration)
        }
        _ = try? ask(context, ["CLIENT", "SETINFO", "LIB-NAME", "streamkit"], configuration)
        // An ACL may forbid CLIENT ID; then a cancelled blocking read closes its connection instead.
        return (try? ask(context, ["CLIENT", "ID"], configuration)) ?? 0
    }

    @discardableResult
    private static func ask(
        _ context: UnsafeMutablePointer<redisContext>, _ words: [String], _ configuration: RedisConfiguration
    ) throws(Failure) -> Int {
        guard let raw = blockingCommand(context, words) else {
            if let message = lastWords(context) { throw refusal(message, words[0], configuration) }
            throw failure(
                "Redis at \(configuration) accepted the connection but did not answer \(words[0]): "
                    + "\(errorText(context)). Is that port Redis?", transient: true)
        }
        let reply = raw.assumingMemoryBound(to: redisReply.self)
        defer { freeReplyObject(raw) }
        guard reply.pointee.type == REDIS_REPLY_ERROR else { return Int(reply.pointee.integer) }
        let message = reply.pointee.str.map { String(cString: $0) } ?? ""
        throw refusal(message, words[0], configuration)
    }

    private static func refusal(
        _ message: String, _ command: String, _ configuration: RedisConfiguration
    ) -> Failure {
        let error = ServerError(message: message, command: command, address: "\(configuration)")
        return Failure(error: .server(error), isTransient: error.isTemporary)
    }

    /// What a server said before it hung up, as one does that has too many clients.
    ///
    /// Only looked at: in TLS it is a record that OpenSSL has to read.
    private static func lastWords(_ context: UnsafeMutablePointer<redisContext>) -> String? {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = recv(context.pointee.fd, &bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
        guard count > 1, bytes[0] == UInt8(ascii: "-") else { return nil }
        return String(decoding: bytes[1..<count].prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    private static func blockingCommand(
        _ context: UnsafeMutablePointer<redisContext>, _ words: [String]
    ) -> UnsafeMutableRawPointer? {
        let copies = words.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        var arguments: [UnsafePointer<CChar>?] = copies.map { UnsafePointer($0) }
        let lengths = words.map { $0.utf8.count }
        return redisCommandArgv(context, Int32(words.count), &arguments, lengths)
    }

    private static func errorText(_ context: UnsafeMutablePointer<redisContext>) -> String {
        withUnsafeBytes(of: &context.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func failure(_ text: String, transient: Bool) -> Failure {
        Failure(error: .cannotConnect(text), isTransient: transient)
    }

    private static func timeval(_ duration: Duration) -> CHiredis.timeval {
        let (seconds, attoseconds) = duration.components
        return CHiredis.timeval(tv_sec: Int(seconds), tv_usec: .init(attoseconds / 1_000_000_000_000))
    }
}
