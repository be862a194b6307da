import Synchronization

/// A value that a test and the tasks it starts share.
public final class Shared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    /// Holds a value.
    public init(_ value: Value) { mutex = Mutex(value) }

    /// Its value at this moment.
    public var now: Value { mutex.withLock { $0 } }

    /// Changes it.
    public func change(_ body: (inout Value) -> Void) { withLock(body) }

    /// Reads or changes it, while nobody else does.
    @discardableResult
    public func withLock<R: Sendable>(_ body: (inout Value) -> R) -> R {
        mutex.withLock { value in
            var copy = value
            defer { value = copy }
            return body(&copy)
        }
    }
}
