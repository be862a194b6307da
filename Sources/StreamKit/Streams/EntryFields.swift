/// The fields of an entry that is to be appended: names and values in order; names may repeat.
///
/// Usually this is a literal, `["event": "started", "by": "ada"]`. Fields known only at run time are given as a list of
/// pairs, and values that are not text as bytes.
public struct EntryFields: Sendable, ExpressibleByDictionaryLiteral {
    private enum Content {
        case texts([(String, String)])
        case bytes([(name: String, value: [UInt8])])
    }

    private let content: Content

    /// Fields written as a literal, in its order.
    public init(dictionaryLiteral elements: (String, String)...) {
        content = .texts(elements)
    }

    /// Fields known only at run time.
    public init(_ pairs: [(String, String)]) {
        content = .texts(pairs)
    }

    /// Fields whose values are any bytes, text or not.
    ///
    /// ``StreamEntry/bytes(_:)`` and ``StreamEntry/rawFields`` give them back.
    public init(bytes pairs: [(name: String, value: [UInt8])]) {
        content = .bytes(pairs)
    }

    /// How many fields there are.
    public var count: Int {
        switch content {
        case .texts(let pairs): pairs.count
        case .bytes(let pairs): pairs.count
        }
    }

    /// Whether there are no fields; an entry needs at least one.
    public var isEmpty: Bool { count == 0 }

    /// These fields, and more after them.
    func adding(_ name: String, _ value: [UInt8]) -> EntryFields {
        switch content {
        case .texts(let pairs): EntryFields(bytes: pairs.map { ($0, Array($1.utf8)) } + [(name, value)])
        case .bytes(let pairs): EntryFields(bytes: pairs + [(name, value)])
        }
    }

    /// How many arguments of a command ``write(id:trim:to:)`` writes.
    func argumentCount(trim: StreamTrim?) -> Int { (trim == nil ? 0 : StreamTrim.argumentCount) + 1 + count * 2 }

    /// Writes the end of an XADD: what to drop, the ID, or `*` for one that the server chooses, and the fields.
    func write(id: StreamID? = nil, trim: StreamTrim?, to buffer: inout ByteBuffer) {
        trim?.write(to: &buffer)
        if let id { buffer.argument(id) } else { buffer.argument("*") }
        switch content {
        case .texts(let pairs):
            for (name, value) in pairs {
                buffer.argument(name)
                buffer.argument(value)
            }
        case .bytes(let pairs):
            for (name, value) in pairs {
                buffer.argument(name)
                value.withUnsafeBytes { buffer.argument($0) }
            }
        }
    }
}
