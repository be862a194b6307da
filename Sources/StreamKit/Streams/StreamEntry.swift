import Foundation

/// One entry of a stream: its ID, and its fields in the order they were written.
///
/// Fields may repeat and hold any bytes. An entry is a view into the reply it came with: text is made
/// when it is asked for, and the reply's memory lives as long as any of its entries.
public struct StreamEntry: Sendable {
    /// Where the entry stands in its stream.
    public let id: StreamID
    private let storage: ReplyStorage
    private let first: Int
    private let count: Int

    /// An entry whose ID and fields came apart; `nil` if the fields are no pairs.
    init?(id: StreamID, fields: Reply) {
        let token = fields.storage.tokens[fields.index]
        guard token.kind == .array, token.value % 2 == 0 else { return nil }
        self.init(id: id, storage: fields.storage, first: fields.index + 1, count: token.value / 2)
    }

    private init(id: StreamID, storage: ReplyStorage, first: Int, count: Int) {
        self.id = id
        self.storage = storage
        self.first = first
        self.count = count
    }

    /// Reads one `[id, [name, value, …]]` that starts at a token; the entry's end comes with it.
    ///
    /// Numbers may follow, which are left out: XREADGROUP CLAIM adds idle time and delivery count.
    /// - Returns: no entry for one that was deleted while it was pending (its fields are null).
    static func parse(_ storage: ReplyStorage, at index: Int) throws -> (id: StreamID, entry: StreamEntry?, end: Int) {
        let tokens = storage.tokens
        guard index + 2 < tokens.count, tokens[index].kind == .array, tokens[index].value >= 2,
            tokens[index + 1].kind == .string
        else { throw StreamKitError.unexpectedReply("A stream entry is not a pair of ID and fields.") }
        let idToken = tokens[index + 1]
        let id = storage.bytes.withUnsafeBytes { bytes in
            StreamID(ascii: UnsafeRawBufferPointer(rebasing: bytes[idToken.offset..<idToken.offset + idToken.value]))
        }
        guard let id else { throw StreamKitError.unexpectedReply("A stream entry has no readable ID.") }
        let fields = tokens[index + 2]
        let extras = tokens[index].value - 2
        guard fields.kind == .array else { return (id, nil, index + 3 + extras) }
        let end = index + 3 + fields.value + extras
        guard fields.value % 2 == 0, end <= tokens.count else {
            throw StreamKitError.unexpectedReply("Entry \(id) has a field without a value.")
        }
        return (id, StreamEntry(id: id, storage: storage, first: index + 3, count: fields.value / 2), end)
    }

    /// The entries of an array reply; none for null.
    ///
    /// Entries whose fields are null are left out.
    static func all(in reply: Reply) throws -> [StreamEntry] {
        guard reply.kind == .array else { return [] }
        var next = reply.index + 1
        var entries: [StreamEntry] = []
        entries.reserveCapacity(reply.storage.tokens[reply.index].value)
        for _ in 0..<reply.storage.tokens[reply.index].value {
            let parsed = try parse(reply.storage, at: next)
            if let entry = parsed.entry { entries.append(entry) }
            next = parsed.end
        }
        return entries
    }

    /// All fields in order, as text, invalid UTF-8 repaired.
    public var fields: [(name: String, value: String)] {
        (0..<count).map { number in
            let token = first + number * 2
            return (storage.text(storage.tokens[token]), storage.text(storage.tokens[token + 1]))
        }
    }

    /// The text of the first field of that name, invalid UTF-8 repaired; `nil` without such a field.
    public subscript(_ name: String) -> String? {
        token(of: name).map { storage.text($0) }
    }

    /// The bytes of the first field of that name.
    public func bytes(_ name: String) -> [UInt8]? {
        token(of: name).map { Array(storage.bytes[$0.offset..<$0.offset + $0.value]) }
    }

    /// Decodes the JSON in a field.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` that names entry and field when it is missing or no such JSON.
    public func decode<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value {
        guard let bytes = bytes(name) else {
            throw StreamKitError.unexpectedReply("Entry \(id) has no field '\(name)'.")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw StreamKitError.unexpectedReply("Field '\(name)' of entry \(id) is not a JSON \(type): \(error)")
        }
    }

    private func token(of name: String) -> ReplyStorage.Token? {
        var name = name
        return name.withUTF8 { wanted in
            storage.bytes.withUnsafeBufferPointer { bytes in
                for index in stride(from: first, to: first + count * 2, by: 2) {
                    let token = storage.tokens[index]
                    guard token.value == wanted.count else { continue }
                    if bytes[token.offset..<token.offset + token.value].elementsEqual(wanted) {
                        return storage.tokens[index + 1]
                    }
                }
                return nil
            }
        }
    }
}

extension StreamEntry: CustomStringConvertible {
    /// The ID and the fields on one line.
    public var description: String {
        ([id.description] + fields.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
    }
}
