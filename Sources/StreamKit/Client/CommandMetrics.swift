import CoreMetrics

/// What a client counts and times for swift-metrics.
///
/// Each client has one, unless nobody collects metrics: then a command only checks for `nil`.
final class CommandMetrics: Sendable {
    /// Commands that were sent; each attempt and each command of a batch counts.
    private let commands: Counter
    /// Error replies, and commands that got no reply.
    private let errors: Counter
    /// Connections that came back after a loss.
    private let reconnects: Counter
    /// The time from a command, or a whole batch, to its reply; blocking reads are left out, because they wait.
    private let durations: Timer

    /// - Returns: `nil` if metrics go nowhere.
    init?(_ factory: any MetricsFactory) {
        guard !(factory is NOOPMetricsHandler) else { return nil }
        commands = Counter(label: "streamkit.commands", dimensions: [], factory: factory)
        errors = Counter(label: "streamkit.errors", dimensions: [], factory: factory)
        reconnects = Counter(label: "streamkit.reconnects", dimensions: [], factory: factory)
        durations = Timer(label: "streamkit.command.duration", dimensions: [], factory: factory)
    }

    /// Counts commands, unless they got no reply because their task was cancelled.
    func note(_ count: Int, _ answer: Result<[Reply], any Error>, after duration: Duration?) {
        var failed = count
        switch answer {
        case .success(let replies):
            failed = replies.count { $0.kind == .error }
            if let duration { durations.recordNanoseconds(Int64(clamping: duration.nanoseconds)) }
        case .failure(let error):
            if error is CancellationError { return }
        }
        commands.increment(by: count)
        if failed > 0 { errors.increment(by: failed) }
    }

    func reconnected() {
        reconnects.increment()
    }
}
