import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file, mapped into memory, that always holds the input under test, even after a crash.
///
/// Safety: the mapping lives as long as this object, and one task uses it.
final class CrashWitness {
    private static let capacity = 64 << 10
    private let path: String
    private let memory: UnsafeMutableRawPointer

    init(path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, off_t(Self.capacity)) == 0,
            let memory = mmap(nil, Self.capacity, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        close(descriptor)
        self.memory = memory
    }

    deinit {
        munmap(memory, Self.capacity)
    }

    /// Keeps the input: its length on eight bytes, then as much of it as there is room for.
    func see(_ bytes: [UInt8]) {
        memory.storeBytes(of: UInt64(bytes.count), as: UInt64.self)
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            memcpy(memory + 8, start, min(bytes.count, Self.capacity - 8))
        }
    }

    func remove() {
        unlink(path)
    }
}
