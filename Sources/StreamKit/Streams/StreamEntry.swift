import Foundation

/// One entry of a stream: its ID, and its fields in the order they were written.
///
/// Fields may repeat and hold any bytes. An entry is a view into the reply it came with: text is decoded
/// when it is asked for, and the reply's memory lives as long as any of its entries.
public struct StreamEntry: Sendable, Identifiable {
    /// Where the entry stands in its stream.
    public let id: StreamID
    private let storage: ReplyStorage
    private let first: Int
    private let count: Int

    /// Reads one `[id, [name, value, …]]` that starts at a token; the entry's end comes with it.
    ///
    /// Numbers may follow, which are ignored: XREADGROUP CLAIM adds idle time and delivery count.
    /// - Returns: no entry for one that was deleted while it was pending (its fields are null).
    static func parse(_ storage: ReplyStorage, at index: Int) throws -> (id: StreamID, entry: StreamEntry?, end: Int) {
        guard index + 2 < storage.tokenCount else { throw malformed }
        let (pair, idToken, fields) = (storage.token(index), storage.token(index + 1), storage.token(index + 2))
        guard pair.kind == .array, pair.value >= 2, idToken.kind == .string else { throw malformed }
        guard let id = storage.withBytes(of: idToken, { StreamID(ascii: $0) }) else {
            throw StreamKitError.unexpectedReply("A stream entry has no readable ID.")
        }
        let extras = pair.value - 2
        guard fields.kind == .array else { return (id, nil, index + 3 + extras) }
        let end = index + 3 + fields.value + extras
        guard fields.value % 2 == 0, end <= storage.tokenCount else {
            throw StreamKitError.unexpectedReply("Entry \(id) has a field without a value.")
        }
        return (id, StreamEntry(id: id, storage: storage, first: index + 3, count: fields.value / 2), end)
    }

    private static var malformed: StreamKitError {
        .unexpectedReply("A stream entry is not a pair of ID and fields.")
    }

    /// The entries of an array reply; none for null.
    ///
    /// Entries whose fields are null are left out.
    static func all(in reply: Reply) throws -> [StreamEntry] {
        let list = reply.storage.token(reply.index)
        guard list.kind == .array else { return [] }
        var next = reply.index + 1
        var entries: [StreamEntry] = []
        // The server claims this number, so memory is reserved only for what is there.
        entries.reserveCapacity(min(list.value, reply.storage.tokenCount))
        for _ in 0..<list.value {
            let parsed = try parse(reply.storage, at: next)
            if let entry = parsed.entry { entries.append(entry) }
            next = parsed.end
        }
        return entries
    }

    /// How many bytes its names and values have.
    package var byteCount: Int {
        (first..<first + count * 2).reduce(0) { $0 + storage.token($1).value }
    }

    /// All fields in order, as text, invalid UTF-8 repaired.
    public var fields: [(name: String, value: String)] {
        (0..<count).map { number in
            let token = first + number * 2
            return (storage.text(storage.token(token)), storage.text(storage.token(token + 1)))
        }
    }

    /// All fields in order, as the bytes they are.
    public var rawFields: [(name: [UInt8], value: [UInt8])] {
        (0..<count).map { number in
            let token = first + number * 2
            return (storage.bytes(of: storage.token(token)), storage.bytes(of: storage.token(token + 1)))
        }
    }

    /// The text of the first field of that name, invalid UTF-8 repaired; `nil` without such a field.
    public subscript(_ name: String) -> String? {
        token(of: name).map { storage.text($0) }
    }

    /// The bytes of the first field of that name.
    public func bytes(_ name: String) -> [UInt8]? {
        token(of: name).map { storage.bytes(of: $0) }
    }

    /// The same bytes, in the form that Foundation's decoders take.
    func data(_ name: String) -> Data? {
        token(of: name).map { storage.withBytes(of: $0) { Data($0) } }
    }

    /// Decodes the JSON in a field.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` that names entry and field when it is missing or
    ///   not JSON of this type.
    public func decode<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value {
        guard let data = data(name) else {
            throw StreamKitError.unexpectedReply("Entry \(id) has no field '\(name)'.")
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw StreamKitError.unexpectedReply("Field '\(name)' of entry \(id) is not a JSON \(type): \(error)")
        }
    }

    private func token(of name: String) -> ReplyStorage.Token? {
        var name = name
        return name.withUTF8 { wanted in
            for index in stride(from: first, to: first + count * 2, by: 2) {
                let token = storage.token(index)
                guard token.value == wanted.count, token.kind == .string else { continue }
                if storage.withBytes(of: token, { $0.elementsEqual(wanted) }) { return storage.token(index + 1) }
            }
            return nil
        }
    }
}

extension StreamEntry: CustomStringConvertible {
    /// The ID and the fields on one line.
    public var description: String {
        ([id.description] + fields.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
    }
}
