import Foundation

/// Nanoseconds of a clock that never goes back.
enum MonotonicClock {
    static func now() -> UInt64 {
        DispatchTime.now().uptimeNanoseconds
    }

    /// The same clock at its last tick, some milliseconds ago: good enough for a deadline, and cheap.
    static func roughNow() -> UInt64 {
        #if os(Linux)
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
        #else
        return now()
        #endif
    }

    /// The moment after the given number of nanoseconds; at most the last one that the clock can hold.
    static func deadline(after nanoseconds: UInt64) -> UInt64 {
        let (sum, overflow) = roughNow().addingReportingOverflow(nanoseconds)
        return overflow ? .max : sum
    }
}
