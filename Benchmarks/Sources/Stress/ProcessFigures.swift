import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What this process holds of the system at one moment.
struct ProcessFigures: CustomStringConvertible {
    let descriptors: Int
    let threads: Int
    /// Resident memory in KiB.
    let memory: Int

    /// How many threads Swift's and Dispatch's pools may have at one moment and not at another.
    static let pooledThreads = 8

    var description: String { "\(descriptors) descriptors, \(threads) threads, \(memory) KiB" }

    /// Measures after the allocator has given back the memory that it only keeps.
    static func now() -> ProcessFigures {
        giveBackMemory()
        return ProcessFigures(
            descriptors: count(in: "/proc/self/fd") ?? count(in: "/dev/fd") ?? 0,
            threads: count(in: "/proc/self/task") ?? 0,
            memory: residentPages() * Int(sysconf(Int32(_SC_PAGESIZE))) / 1024)
    }

    /// glibc keeps freed memory for later unless it is told not to; its function is in no Swift module.
    private static func giveBackMemory() {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
    }

    private static func count(in directory: String) -> Int? {
        try? FileManager.default.contentsOfDirectory(atPath: directory).count
    }

    /// The count is zero if the system has no /proc; then the comparison means nothing.
    private static func residentPages() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
