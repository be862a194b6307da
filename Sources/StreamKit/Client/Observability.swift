public import CoreMetrics
public import Logging

/// Who observes a client at work; unless somebody does, nothing is recorded and commands cost no more.
public struct Observability: Sendable {
    /// Receives every command and its reply.
    public var trace: CommandTrace?
    /// Receives connects, disconnects and retries at debug level, never a payload.
    public var logger = Logger(label: "streamkit", factory: { _ in SwiftLogNoOpLogHandler() })
    /// Where counters and timers go: `streamkit.commands`, `streamkit.errors`, `streamkit.reconnects` and
    /// `streamkit.command.duration`.
    ///
    /// `nil` means the backend that was bootstrapped in `MetricsSystem` before the client was created. Without
    /// one nothing is counted.
    public var metrics: (any MetricsFactory)?

    /// Nobody watches, except for a backend that is bootstrapped in `MetricsSystem`.
    public init() {}
}
