public import CoreMetrics
public import Logging

#if DistributedTracingSupport
public import Tracing
#endif

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
    #if DistributedTracingSupport
    /// Receives a span for each command or batch, with OpenTelemetry's `db.*` attributes; blocking reads have none.
    ///
    /// `nil` means the tracer that was bootstrapped in `InstrumentationSystem` before the client was created. Without
    /// one there are no spans. It needs the package trait `DistributedTracingSupport`, which is on by default.
    public var tracer: (any Tracer)?
    #endif

    /// Nobody watches, except for backends that are bootstrapped in `MetricsSystem` and `InstrumentationSystem`.
    public init() {}
}
