#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Bytes on their way to the server: a growing piece of memory with one owner.
///
/// Safety: the pointer never leaves this type but inside `withBytes`, and is freed exactly once, in
/// `deinit`; the type cannot be copied. An array would do the same at about twice the cost per command.
struct ByteBuffer: ~Copyable, @unchecked Sendable {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 4096) {
        self.capacity = capacity
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: memory, count: count))
    }

    mutating func append(_ byte: UInt8) {
        reserve(1)
        memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        memcpy(memory + count, source, bytes.count)
        count += bytes.count
    }

    /// Forgets the first bytes, because they were sent.
    mutating func removeFirst(_ number: Int) {
        count -= number
        if count > 0 { memmove(memory, memory + number, count) }
    }

    mutating func removeAll() {
        count = 0
    }

    private mutating func reserve(_ extra: Int) {
        guard count + extra > capacity else { return }
        let larger = max(capacity * 2, count + extra)
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        memcpy(fresh, memory, count)
        memory.deallocate()
        memory = fresh
        capacity = larger
    }
}
