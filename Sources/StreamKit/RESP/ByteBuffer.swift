import Foundation

/// Bytes on their way to the server: a growing piece of memory with one owner.
///
/// Safety: only `withBytes` and `write` hand out the pointer, to closures. It is freed exactly once, in
/// `deinit`; the type cannot be copied.
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

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        write(atMost: bytes.count) { destination in
            memcpy(destination, source, bytes.count)
            return bytes.count
        }
    }

    /// Makes room for the given number of bytes and lets `body` write there; `body` returns how many it wrote.
    ///
    /// So the capacity is checked once per argument, not once per byte.
    @inline(__always)
    mutating func write(atMost number: Int, _ body: (UnsafeMutableRawPointer) -> Int) {
        if count + number > capacity { grow(by: number) }
        count += body(memory + count)
    }

    /// Removes the first bytes, because they were sent.
    mutating func removeFirst(_ number: Int) {
        count -= number
        if count > 0 { memmove(memory, memory + number, count) }
    }

    mutating func removeAll() {
        count = 0
    }

    /// Removes everything, and gives back memory if an unusual number of bytes needed it.
    mutating func removeAll(keepingAtMost limit: Int) {
        count = 0
        guard capacity > limit else { return }
        memory.deallocate()
        memory = .allocate(byteCount: limit, alignment: 16)
        capacity = limit
    }

    @inline(never)
    private mutating func grow(by extra: Int) {
        let larger = max(capacity * 2, count + extra)
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        memcpy(fresh, memory, count)
        memory.deallocate()
        memory = fresh
        capacity = larger
    }
}
