import CHiredis

// These limits keep a server, or whatever answers in its place, from filling our memory.
extension ReplyParser {
    /// Checks how much memory an unfinished reply takes, and how much it says it will take.
    ///
    /// - Parameters:
    ///   - bytes: how many bytes of it came.
    ///   - tokens: the values in it; a short one takes more memory than bytes on the wire.
    ///   - limit: the most bytes that it may take in all.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` when it is too large.
    func checkSize(bytes: Int, tokens: Int, limit: Int) throws {
        let taken = bytes + tokens * MemoryLayout<ReplyStorage.Token>.stride
        guard max(taken, announcedBytes) <= limit else {
            throw StreamKitError.unexpectedReply(
                "The server sent, or announced, a reply of more than \(limit) bytes. Read less at once (COUNT).")
        }
    }

    /// The length of the text that hiredis waits for the rest of; 0 if it waits for something else.
    ///
    /// hiredis consumes every line it can. A whole line that it left is therefore the length of a text that
    /// has not come in full.
    private var announcedBytes: Int {
        let reader = reader.pointee
        guard let buffer = reader.buf, reader.pos < reader.len else { return 0 }
        let line = UnsafeRawBufferPointer(start: buffer + reader.pos, count: min(23, reader.len - reader.pos))
        guard let end = line.firstRange(of: "\r\n".utf8)?.lowerBound else { return 0 }
        return Int(String(decoding: line[..<end], as: UTF8.self)) ?? 0
    }
}
