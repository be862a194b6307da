/// Sees every command that a client sends, with its reply: for narration, logs and debugging.
///
/// Without a trace nothing is recorded, and commands cost no more.
public struct CommandTrace: Sendable {
    /// What receives each command; one trace can pass on to another.
    public let handler: @Sendable (TracedCommand) -> Void

    /// - Parameter handler: called on the task that sent the command, once its outcome is known.
    public init(_ handler: @escaping @Sendable (TracedCommand) -> Void) {
        self.handler = handler
    }

    func note(_ commands: [[String]], _ answer: Result<[Reply], any Error>, after duration: Duration) {
        func tell(_ words: [String], _ reply: Reply?, _ error: (any Error)?) {
            handler(TracedCommand(words: words, reply: reply, error: error as? StreamKitError, duration: duration))
        }
        switch answer {
        case .success(let replies): for (words, reply) in zip(commands, replies) { tell(words, reply, nil) }
        case .failure(let error): for words in commands { tell(words, nil, error) }
        }
    }
}

/// One command as it went out, and what came back.
public struct TracedCommand: Sendable {
    /// The command's name and arguments as text, with invalid UTF-8 repaired.
    public let words: [String]
    /// The reply, which may be an error reply; `nil` when none came.
    public let reply: Reply?
    /// Why no reply came.
    public let error: StreamKitError?
    /// The time from sending to the outcome.
    public let duration: Duration

    /// The command as one would type it in redis-cli.
    public var line: String {
        words.map {
            $0.isEmpty || $0.unicodeScalars.contains(where: Self.needsQuotes) ? Reply.quoted(Array($0.utf8)) : $0
        }
        .joined(separator: " ")
    }

    /// The reply as redis-cli prints it, or the error.
    public var replyText: String { reply?.description ?? error?.description ?? "" }

    private static func needsQuotes(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
            || "\"'\\".unicodeScalars.contains(scalar)
    }

    /// Reads the arguments back out of encoded commands, one array per command.
    static func words(writtenBy encode: (inout ByteBuffer) -> Void) -> [[String]] {
        var encoded = ByteBuffer()
        encode(&encoded)
        // Redis' protocol writes a command just as it writes a reply: as an array of texts.
        let commands = encoded.withBytes { try? ReplyParser().replies(in: $0) } ?? []
        return commands.map { ($0.elements ?? []).map { $0.text ?? "" } }
    }
}
