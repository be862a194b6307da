import CHiredis

/// Turns bytes from the socket into replies, using hiredis' reader with object functions of our own.
///
/// hiredis calls one of those functions for every value it meets, outermost first; each call adds one
/// token to a flat list. A reply of any shape costs two growing pieces of memory instead of a tree of objects.
/// They take in the types of RESP2; those of RESP3, such as maps, would be added in `ReplyFunctions`, below.
///
/// Safety: hiredis' reader is not thread-safe. The parser belongs to the one who reads from the socket.
/// Source: <https://github.com/redis/hiredis#reader-api>
final class ReplyParser {
    let reader: UnsafeMutablePointer<redisReader>
    /// What hiredis' `privdata` points to.
    private let assembly: UnsafeMutablePointer<ReplyAssembly>
    private var unfinishedBytes = 0
    var maximumReplyBytes: Int
    /// Where the replies begin that the last bytes completed; the array is kept to reuse its memory.
    private(set) var roots: [Int] = []

    init(maximumReplyBytes: Int = 512 << 20) {
        self.maximumReplyBytes = maximumReplyBytes
        assembly = .allocate(capacity: 1)
        assembly.initialize(to: ReplyAssembly())
        reader = redisReaderCreateWithFunctions(ReplyFunctions.table)
        reader.pointee.privdata = UnsafeMutableRawPointer(assembly)
    }

    deinit {
        redisReaderFree(reader)
        assembly.pointee.free()
        assembly.deallocate()
    }

    /// Takes in bytes and hands out what holds the replies they complete; `roots` says where, oldest first.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` when the bytes are not RESP.
    func parse(_ bytes: UnsafeRawBufferPointer) throws -> ReplyStorage? {
        redisReaderFeed(reader, bytes.baseAddress, bytes.count)
        unfinishedBytes += bytes.count
        roots.removeAll(keepingCapacity: true)
        var finished = (tokens: 0, bytes: 0)
        while true {
            var object: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw protocolError }
            if object == nil { break }
            roots.append(finished.tokens)
            finished = (assembly.pointee.tokenCount, assembly.pointee.byteCount)
            unfinishedBytes = 0
        }
        let tokens = assembly.pointee.tokenCount - finished.tokens
        try checkSize(bytes: unfinishedBytes, tokens: tokens, limit: maximumReplyBytes)
        return roots.isEmpty ? nil : assembly.pointee.take(tokens: finished.tokens, bytes: finished.bytes)
    }

    /// Takes in bytes and returns the replies they complete, oldest first.
    func replies(in bytes: UnsafeRawBufferPointer) throws -> [Reply] {
        guard let storage = try parse(bytes) else { return [] }
        return roots.map { Reply(storage: storage, index: $0) }
    }

    private var protocolError: StreamKitError {
        let reason = withUnsafeBytes(of: &reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                .replacing("Out of memory", with: "a type of RESP3, or an array too long or nested too deep")
        }
        return .unexpectedReply("The other end does not speak Redis' protocol (\(reason)). Is the port right?")
    }
}

/// hiredis' object functions: they add a token to the assembly, and return no pointer to memory.
///
/// Types of RESP3, which only a server sends that was not asked for it, are refused: a function that returns nothing
/// ends the reading. Here a client that asks for RESP3 (HELLO 3) would take in maps, sets, pushes and the others.
private enum ReplyFunctions {
    /// Safety: written once, before its first use, and only read from then on.
    nonisolated(unsafe) static let table: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let table = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        table.initialize(to: redisReplyObjectFunctions())
        table.pointee.createString = { task, text, length in
            guard let task, let assembly = assembly(of: task) else { return nil }
            let kind: Reply.Kind
            switch task.pointee.type {
            case REDIS_REPLY_STRING: kind = .string
            case REDIS_REPLY_STATUS: kind = .status
            case REDIS_REPLY_ERROR: kind = .error
            default: return nil
            }
            assembly.pointee.appendText(kind, UnsafeRawBufferPointer(start: text, count: length))
            return done
        }
        table.pointee.createArray = { task, count in
            // hiredis before 1.0 refuses these itself; a later one takes a missing object for a lack of memory.
            guard task?.pointee.type == REDIS_REPLY_ARRAY, Int(clamping: count) <= Int(Int32.max), isShallow(task)
            else { return nil }
            return add(task, .array, max(0, Int(count)))
        }
        table.pointee.createInteger = { task, value in add(task, .integer, Int(value)) }
        // RESP2 writes null as a text or an array without a length.
        table.pointee.createNil = { task in
            guard let type = task?.pointee.type, type == REDIS_REPLY_STRING || type == REDIS_REPLY_ARRAY else {
                return nil
            }
            return add(task, .null, 0)
        }
        table.pointee.freeObject = { _ in }
        streamkit_refuse_resp3(table)
        return table
    }()

    private static var done: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1) }

    /// Whether an array lies within at most 32 others; Redis' own replies nest eight deep.
    private static func isShallow(_ task: UnsafePointer<redisReadTask>?) -> Bool {
        var (outer, depth) = (task?.pointee.parent, 0)
        while let task = outer, depth <= 32 { (outer, depth) = (task.pointee.parent, depth + 1) }
        return depth <= 32
    }

    @inline(__always)
    private static func assembly(of task: UnsafePointer<redisReadTask>) -> UnsafeMutablePointer<ReplyAssembly>? {
        task.pointee.privdata?.assumingMemoryBound(to: ReplyAssembly.self)
    }

    @inline(__always)
    private static func add(
        _ task: UnsafePointer<redisReadTask>?, _ kind: Reply.Kind, _ value: Int
    ) -> UnsafeMutableRawPointer? {
        guard let task, let assembly = assembly(of: task) else { return nil }
        assembly.pointee.append(kind, value)
        return done
    }
}
