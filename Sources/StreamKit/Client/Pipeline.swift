/// Commands that go out together.
public struct Pipeline: ~Copyable {
    /// Large enough for a batch of a few hundred commands, so that it rarely grows while they are added.
    var buffer = ByteBuffer(capacity: 48 << 10)
    /// How many commands it holds.
    public private(set) var count = 0

    init() {}

    /// Adds one command, which must not block.
    public mutating func add(_ arguments: String...) {
        add(arguments)
    }

    /// Adds one command, its name and arguments in an array.
    ///
    /// An empty array adds nothing.
    public mutating func add(_ arguments: [String]) {
        if !arguments.isEmpty { add { $0.command(arguments) } }
    }

    mutating func add(_ encode: (inout ByteBuffer) -> Void) {
        encode(&buffer)
        count += 1
    }
}
