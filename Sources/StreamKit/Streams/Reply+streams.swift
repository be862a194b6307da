// What commands of streams answer: IDs, counts and entries.

extension Reply {
    /// The stream ID that a command promised.
    func streamID(_ command: String) throws -> StreamID {
        let token = storage.token(index)
        let id = token.kind == .string ? storage.withBytes(of: token) { StreamID(ascii: $0) } : nil
        guard let id else { throw StreamKitError.unexpectedReply("\(command) did not answer with an ID but \(self).") }
        return id
    }

    /// The count that a command promised.
    func count(_ command: String) throws -> Int {
        guard kind == .integer else {
            throw StreamKitError.unexpectedReply("\(command) did not answer with a number but \(self).")
        }
        return try number(command)
    }

    /// A count or a time in an answer: a number that is not negative, or its digits.
    func number(_ command: String) throws -> Int {
        guard let integer, integer >= 0 else {
            throw StreamKitError.unexpectedReply("\(command) has no number where one belongs but \(self).")
        }
        return integer
    }

    /// The entries in an answer of XREAD or XREADGROUP, by stream.
    func entriesByStream() throws -> [String: [StreamEntry]] {
        guard let streams = elements else { return [:] }
        var result: [String: [StreamEntry]] = [:]
        for stream in streams {
            let (key, entries) = try stream.keyAndEntries()
            result[key.text ?? ""] = try StreamEntry.all(in: entries)
        }
        return result
    }

    /// The entries in an answer about a single stream.
    func entriesOfOneStream() throws -> [StreamEntry] {
        let streams = storage.token(index)
        guard streams.kind == .array, streams.value > 0 else { return [] }
        return try StreamEntry.all(in: Reply(storage: storage, index: index + 1).keyAndEntries().entries)
    }

    private func keyAndEntries() throws -> (key: Reply, entries: Reply) {
        let pair = storage.token(index)
        guard pair.kind == .array, pair.value == 2 else {
            throw StreamKitError.unexpectedReply("A stream's part of the reply is not a pair of key and entries.")
        }
        return (Reply(storage: storage, index: index + 1), Reply(storage: storage, index: index + 2))
    }
}
