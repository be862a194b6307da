/// The memory behind one or more replies: a flat list of tokens, and the bytes they point into.
///
/// It is raw memory rather than two arrays, so reading needs no retain and no check for exclusive access.
///
/// Safety: nothing writes to it once it exists, and its pointers are only used inside its own methods.
/// Indices come from the parser, which counted them.
final class ReplyStorage: @unchecked Sendable {
    struct Token {
        /// The number of elements of an array, the number of bytes of a text, or the integer itself.
        var value: Int
        /// Text: where its bytes begin.
        var offset: UInt32
        var kind: Reply.Kind
    }

    let tokenCount: Int
    private let first: UnsafeMutablePointer<Token>
    private let text: UnsafeMutableRawPointer
    private let textIsSeparate: Bool

    /// Takes over two pieces of memory.
    init(_ tokens: UnsafeMutablePointer<Token>, count: Int, text: UnsafeMutableRawPointer) {
        (first, tokenCount, self.text, textIsSeparate) = (tokens, count, text, true)
    }

    /// Copies both into one piece of memory.
    init(copying tokens: UnsafePointer<Token>, count: Int, text: UnsafeRawBufferPointer) {
        let size = count * MemoryLayout<Token>.stride
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, size + text.count), alignment: MemoryLayout<Token>.alignment)
        if let bytes = text.baseAddress { (memory + size).copyMemory(from: bytes, byteCount: text.count) }
        first = memory.bindMemory(to: Token.self, capacity: count)
        first.initialize(from: tokens, count: count)
        (tokenCount, self.text, textIsSeparate) = (count, memory + size, false)
    }

    deinit {
        UnsafeMutableRawPointer(first).deallocate()
        if textIsSeparate { text.deallocate() }
    }

    @inline(__always)
    func token(_ index: Int) -> Token {
        precondition(index >= 0 && index < tokenCount)
        return first[index]
    }

    /// Passes the bytes of a text token to `body`; a number, a null or an array has none.
    @inline(__always)
    func withBytes<R>(of token: Token, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let length = token.kind.isText ? token.value : 0
        return try body(UnsafeRawBufferPointer(start: text + Int(token.offset), count: length))
    }

    /// The bytes of a token; none if it is not text.
    func bytes(of token: Token) -> [UInt8] {
        withBytes(of: token) { Array($0) }
    }

    /// The text of a token, with invalid UTF-8 replaced by U+FFFD.
    func text(_ token: Token) -> String {
        withBytes(of: token) { String(decoding: $0, as: UTF8.self) }
    }

    /// The token that follows the whole subtree at an index.
    func indexAfter(_ index: Int) -> Int {
        var remaining = 1
        var next = index
        while remaining > 0 {
            let token = token(next)
            if token.kind == .array { remaining += token.value }
            remaining -= 1
            next += 1
        }
        return next
    }
}

extension Reply.Kind {
    @inline(__always)
    var isText: Bool {
        switch self {
        case .string, .status, .error: true
        case .null, .integer, .array: false
        }
    }
}

/// What the parser fills while replies come in.
///
/// Safety: it belongs to the parser, which frees it. Code that takes memory out of it owns that memory.
struct ReplyAssembly {
    typealias Token = ReplyStorage.Token

    private var tokens = UnsafeMutablePointer<Token>.allocate(capacity: 256)
    private(set) var tokenCount = 0
    private var tokenCapacity = 256
    private var text = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 1)
    private(set) var byteCount = 0
    private var byteCapacity = 4096

    /// From this size on memory is handed over; below it, it is copied and used again.
    private static let handOverBytes = 8192

    mutating func free() {
        tokens.deallocate()
        text.deallocate()
    }

    @inline(__always)
    mutating func append(_ kind: Reply.Kind, _ value: Int) {
        if tokenCount == tokenCapacity { growTokens() }
        let offset = UInt32(truncatingIfNeeded: byteCount)
        (tokens + tokenCount).initialize(to: Token(value: value, offset: offset, kind: kind))
        tokenCount += 1
    }

    @inline(__always)
    mutating func appendText(_ kind: Reply.Kind, _ bytes: UnsafeRawBufferPointer) {
        append(kind, bytes.count)
        if byteCount + bytes.count > byteCapacity { growText(by: bytes.count) }
        if let source = bytes.baseAddress { (text + byteCount).copyMemory(from: source, byteCount: bytes.count) }
        byteCount += bytes.count
    }

    /// Moves the first tokens, and the bytes that belong to them, to storage of their own.
    mutating func take(tokens count: Int, bytes: Int) -> ReplyStorage {
        if count == tokenCount, count * MemoryLayout<Token>.stride + bytes >= Self.handOverBytes {
            let storage = ReplyStorage(tokens, count: count, text: text)
            tokens = .allocate(capacity: tokenCapacity)
            text = .allocate(byteCount: byteCapacity, alignment: 1)
            (tokenCount, byteCount) = (0, 0)
            return storage
        }
        let storage = ReplyStorage(
            copying: tokens, count: count, text: UnsafeRawBufferPointer(start: text, count: bytes))
        (tokenCount, byteCount) = (tokenCount - count, byteCount - bytes)
        for index in 0..<tokenCount {
            var token = tokens[count + index]
            token.offset -= UInt32(bytes)
            tokens[index] = token
        }
        text.copyMemory(from: text + bytes, byteCount: byteCount)
        return storage
    }

    @inline(never)
    private mutating func growTokens() {
        let larger = UnsafeMutablePointer<Token>.allocate(capacity: tokenCapacity * 2)
        larger.moveInitialize(from: tokens, count: tokenCount)
        tokens.deallocate()
        (tokens, tokenCapacity) = (larger, tokenCapacity * 2)
    }

    @inline(never)
    private mutating func growText(by extra: Int) {
        let capacity = max(byteCapacity * 2, byteCount + extra)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
        larger.copyMemory(from: text, byteCount: byteCount)
        text.deallocate()
        (text, byteCapacity) = (larger, capacity)
    }
}
