import CHiredis

/// Turns bytes from the socket into replies, by hiredis' reader with object functions of our own.
///
/// hiredis calls one of those functions for every value it meets, outermost first; each call adds one
/// token to a flat list. A reply of any shape costs two growing arrays instead of a tree of objects.
///
/// Safety: hiredis' reader is not thread-safe. The parser belongs to the I/O thread alone.
/// Source: <https://github.com/redis/hiredis#reader-api>
final class ReplyParser {
    let reader: UnsafeMutablePointer<redisReader>
    private let target = ReplyTarget()
    private var unfinishedBytes = 0
    private let maximumReplyBytes: Int

    init(maximumReplyBytes: Int = 512 << 20) {
        self.maximumReplyBytes = maximumReplyBytes
        reader = redisReaderCreateWithFunctions(ReplyFunctions.table)
        reader.pointee.privdata = Unmanaged.passUnretained(target).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
    }

    /// Takes in bytes and returns the replies they complete, oldest first.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` when the bytes are not RESP.
    func replies(in bytes: UnsafeRawBufferPointer) throws -> [Reply] {
        redisReaderFeed(reader, bytes.baseAddress, bytes.count)
        unfinishedBytes += bytes.count
        var roots: [Int] = []
        var finished = (tokens: 0, bytes: 0)
        while true {
            let root = finished.tokens
            var object: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw protocolError }
            if object == nil { break }
            roots.append(root)
            finished = (target.storage.tokens.count, target.storage.bytes.count)
            unfinishedBytes = 0
        }
        let tokens = target.storage.tokens.count - finished.tokens
        try checkSize(bytes: unfinishedBytes, tokens: tokens, limit: maximumReplyBytes)
        return roots.isEmpty ? [] : handOut(roots, finished)
    }

    /// Gives the finished replies away and moves what is left of an unfinished one to fresh storage.
    private func handOut(_ roots: [Int], _ finished: (tokens: Int, bytes: Int)) -> [Reply] {
        let complete = target.storage
        target.storage = ReplyStorage()
        if complete.tokens.count > finished.tokens {
            target.storage.tokens = complete.tokens[finished.tokens...].map {
                ReplyStorage.Token(kind: $0.kind, value: $0.value, offset: $0.offset - finished.bytes)
            }
            target.storage.bytes = Array(complete.bytes[finished.bytes...])
            complete.tokens.removeSubrange(finished.tokens...)
            complete.bytes.removeSubrange(finished.bytes...)
        }
        return roots.map { Reply(storage: complete, index: $0) }
    }

    private var protocolError: StreamKitError {
        let reason = withUnsafeBytes(of: &reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .unexpectedReply("The other end does not speak Redis' protocol (\(reason)). Is the port right?")
    }
}

/// What hiredis' `privdata` points to: the storage that is being filled.
private final class ReplyTarget {
    var storage = ReplyStorage()
}

/// hiredis' object functions: they return a token's number, never a pointer to memory.
private enum ReplyFunctions {
    /// Safety: written once, before its first use, and only read from then on.
    nonisolated(unsafe) static let table: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let table = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        table.initialize(to: redisReplyObjectFunctions())
        table.pointee.createString = { task, text, length in
            ReplyFunctions.add(task) { storage, kind in
                let offset = storage.bytes.count
                storage.bytes.append(contentsOf: UnsafeRawBufferPointer(start: text, count: length))
                return ReplyStorage.Token(kind: kind, value: length, offset: offset)
            }
        }
        table.pointee.createArray = { task, count in
            ReplyFunctions.add(task) { _, _ in ReplyStorage.Token(kind: .array, value: Int(count), offset: 0) }
        }
        table.pointee.createInteger = { task, value in
            ReplyFunctions.add(task) { _, _ in ReplyStorage.Token(kind: .integer, value: Int(value), offset: 0) }
        }
        table.pointee.createNil = { task in
            ReplyFunctions.add(task) { _, _ in ReplyStorage.Token(kind: .null, value: 0, offset: 0) }
        }
        table.pointee.freeObject = { _ in }
        return table
    }()

    @inline(__always)
    private static func add(
        _ task: UnsafePointer<redisReadTask>?,
        _ token: (ReplyStorage, Reply.Kind) -> ReplyStorage.Token
    ) -> UnsafeMutableRawPointer? {
        guard let task, let owner = task.pointee.privdata else { return nil }
        let storage = Unmanaged<ReplyTarget>.fromOpaque(owner).takeUnretainedValue().storage
        let kind: Reply.Kind =
            switch task.pointee.type {
            case REDIS_REPLY_STATUS: .status
            case REDIS_REPLY_ERROR: .error
            default: .string
            }
        storage.tokens.append(token(storage, kind))
        return UnsafeMutableRawPointer(bitPattern: 1)
    }
}
