/// Commands that go out together.
public struct Pipeline: ~Copyable {
    /// Large enough for a batch of a few hundred commands, so that it rarely grows while they are added.
    var buffer = ByteBuffer(capacity: 48 << 10)
    /// How many commands it holds.
    public private(set) var count = 0
    private let headStart: HeadStart?
    /// How many bytes to have before the next part is sent.
    private var nextPart: Int
    /// The first part is small, so that the server begins early; each costs both sides a system call or two.
    private var partBytes = 4 << 10
    private static let largestPart = 32 << 10

    init(_ headStart: HeadStart? = nil) {
        self.headStart = headStart
        nextPart = headStart == nil ? .max : partBytes
    }

    /// Adds one command, which must not block.
    public mutating func add(_ words: String...) {
        add(words)
    }

    /// Adds one command, its words in an array.
    ///
    /// An empty array adds nothing.
    public mutating func add(_ words: [String]) {
        guard let name = words.first else { return }
        // Others' commands may come between two parts; within a transaction they would become part of it.
        if name.utf8.count == 5, name.uppercased() == "MULTI" { nextPart = .max }
        add { buffer in
            buffer.beginCommand(words: words.count)
            for word in words { buffer.word(word) }
        }
    }

    mutating func add(_ encode: (inout ByteBuffer) -> Void) {
        // Before, not after: at least one command is left for the last part.
        if buffer.count >= nextPart { sendPart() }
        encode(&buffer)
        count += 1
    }

    private mutating func sendPart() {
        let commands = count
        buffer.withBytes { headStart?.send($0, commands: commands) }
        partBytes = min(partBytes * 2, Self.largestPart)
        nextPart = buffer.count + partBytes
    }
}
