import CHiredis
import Foundation

// What is said on a new socket before anybody may use it, and what servers answer that want none of it.
extension Connector {
    /// What was learned about the server while it was greeted.
    struct Greeting {
        /// What it calls this connection, 0 if it does not say.
        var clientID = 0
    }

    /// Says who we are and which database we want.
    static func greet(
        _ context: UnsafeMutablePointer<redisContext>, _ configuration: RedisConfiguration
    ) throws(Failure) -> Greeting {
        var greeting = Greeting()
        do throws(Failure) {
            try introduce(context, configuration)
        } catch {
            // A Sentinel refuses most of it, with words from which nobody would know that it is one.
            guard case .server = error.error else { throw error }
            try refuseSentinel(context, configuration)
            throw error
        }
        try refuseSentinel(context, configuration)
        if let name = configuration.clientName {
            _ = try? ask(context, ["CLIENT", "SETNAME", name], configuration)
        }
        _ = try? ask(context, ["CLIENT", "SETINFO", "LIB-NAME", "streamkit"], configuration)
        // An ACL may forbid CLIENT ID; then a cancelled blocking read closes its connection instead.
        greeting.clientID = (try? ask(context, ["CLIENT", "ID"], configuration)) ?? 0
        return greeting
    }

    private static func introduce(
        _ context: UnsafeMutablePointer<redisContext>, _ configuration: RedisConfiguration
    ) throws(Failure) {
        if configuration.username != nil || configuration.password != nil {
            // A user without a password still has to be named, or we would be the default one.
            let words = [configuration.username, configuration.password ?? ""].compactMap { $0 }
            try ask(context, ["AUTH"] + words, configuration)
        }
        do throws(Failure) {
            try ask(context, ["PING"], configuration)
        } catch {
            // Some commands are answered all the same: those that end that state, or those that this user may use.
            guard ["MASTERDOWN", "BUSY", "NOPERM"].contains(error.error.serverPrefix) else { throw error }
        }
        if configuration.database != 0 {
            try ask(context, ["SELECT", String(configuration.database)], configuration)
        }
    }

    /// Throws if it is a Sentinel that answers (HELLO; Redis before 6.0 does not tell).
    private static func refuseSentinel(
        _ context: UnsafeMutablePointer<redisContext>, _ configuration: RedisConfiguration
    ) throws(Failure) {
        var mode = ""
        _ = try? ask(context, ["HELLO"], configuration) { mode = $0.value(of: "mode") ?? "" }
        guard mode == "sentinel" else { return }
        throw failure(
            "\(configuration) is a Redis Sentinel, which watches servers and holds no data. "
                + "Ask it for the server (redis-cli -p 26379 SENTINEL MASTERS) and connect to that one.",
            transient: false)
    }

    @discardableResult
    private static func ask(
        _ context: UnsafeMutablePointer<redisContext>, _ words: [String], _ configuration: RedisConfiguration,
        _ read: (redisReply) -> Void = { _ in }
    ) throws(Failure) -> Int {
        guard let raw = blockingCommand(context, words) else {
            if let message = lastWords(context) { throw refusal(message, words[0], configuration) }
            throw failure(
                "Redis at \(configuration) accepted the connection but did not answer \(words[0]): "
                    + "\(errorText(context)). Is that port Redis, and without TLS? With TLS it is rediss://.",
                transient: true)
        }
        let reply = raw.assumingMemoryBound(to: redisReply.self)
        defer { freeReplyObject(raw) }
        guard reply.pointee.type == REDIS_REPLY_ERROR else {
            read(reply.pointee)
            return Int(reply.pointee.integer)
        }
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
        // Encoded by our own hand: as C strings, user and password would end at their first zero byte.
        var command = ByteBuffer(capacity: 256)
        command.beginCommand(words: words.count)
        for word in words { command.word(word) }
        let isAppended = command.withBytes { bytes in
            redisAppendFormattedCommand(context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        var reply: UnsafeMutableRawPointer?
        guard isAppended == REDIS_OK, redisGetReply(context, &reply) == REDIS_OK else { return nil }
        return reply
    }
}

extension redisReply {
    /// What follows a name in a list of names and values.
    fileprivate func value(of name: String) -> String? {
        guard type == REDIS_REPLY_ARRAY, let element else { return nil }
        let texts = (0..<Int(elements)).map { element[$0]?.pointee.text }
        return texts.firstIndex(of: name).flatMap { $0 + 1 < texts.count ? texts[$0 + 1] : nil }
    }

    private var text: String? {
        type == REDIS_REPLY_STRING || type == REDIS_REPLY_STATUS ? str.map { String(cString: $0) } : nil
    }
}
