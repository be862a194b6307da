/// Commands that go out together.
public struct Pipeline: ~Copyable {
    /// Large enough for a batch of a few hundred commands, so that it rarely grows while they are added.
    var buffer = ByteBuffer(capacity: 48 << 10)
    /// How many commands it holds.
    public private(set) var count = 0
    private let headStart: HeadStart?
    /// How many bytes to have before the next part is sent.
    private var nextPart: Int
    private static let partBytes = 8 << 10

    init(_ headStart: HeadStart? = nil) {
        self.headStart = headStart
        nextPart = headStart == nil ? .max : Self.partBytes
    }

    /// Adds one command, which must not block.
    public mutating func add(_ words: String...) {
        add(words)
    }

    /// Adds one command, its words in an array.
    ///
    /// An empty array adds nothing.
    public mutating func add(_ words: [String]) {
        guard !words.isEmpty else { return }
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
        nextPart = buffer.count + Self.partBytes
    }
}
