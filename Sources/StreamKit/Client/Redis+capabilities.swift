import Synchronization

extension Redis {
    /// What the server offers beyond Redis 7.0 (COMMAND INFO, COMMAND DOCS, HELLO).
    ///
    /// The server is asked once per connection, on first use. After a reconnect it is asked again.
    ///
    /// - Returns: its features; none if an ACL forbids the question, see ``ServerCapabilities/isKnown``.
    /// - Throws: ``StreamKitError`` if it cannot be reached, `CancellationError` if cancelled.
    public func capabilities() async throws -> ServerCapabilities {
        var attempt = 1
        while true {
            do {
                return try await shared.capabilities()
            } catch StreamKitError.connectionLost(_, _) where attempt < 3 {
                attempt += 1
            }
        }
    }
}

extension Session {
    fileprivate func capabilities() async throws -> ServerCapabilities {
        // It connects first, so that it is certain which socket's server the answer is about.
        if link == nil { _ = try await ask([["PING"]]) }
        let socket = link?.socket
        if let known = socket?.capabilities.withLock({ $0 }) { return known }
        let answer = ServerCapabilities(answers: try await ask(ServerCapabilities.questions))
        if let socket, socket === link?.socket { socket.capabilities.withLock { $0 = answer } }
        return answer
    }

    private func ask(_ commands: [[String]]) async throws -> [Reply] {
        try await send(replyCount: commands.count, timeout: commandTimeout) { buffer in
            for arguments in commands {
                buffer.beginCommand(arguments: arguments.count)
                for argument in arguments { buffer.argument(argument) }
            }
        }.all
    }
}
