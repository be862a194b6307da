import CoreMetrics

#if DistributedTracingSupport
import Tracing
#endif

/// What tells the observers of a client about its commands: the trace, metrics and a tracer.
///
/// A client has it only if there is somebody to tell: then a command costs no more than a look at a `nil`.
final class CommandObservers: Sendable {
    private let trace: CommandTrace?
    let metrics: CommandMetrics?
    #if DistributedTracingSupport
    private let spans: CommandSpans?
    #endif

    /// - Returns: `nil` if nobody observes.
    init?(_ configuration: RedisConfiguration) {
        trace = configuration.observability.trace
        metrics = CommandMetrics(configuration.observability.metrics ?? MetricsSystem.factory)
        #if DistributedTracingSupport
        spans = CommandSpans(configuration)
        if trace == nil, metrics == nil, spans == nil { return nil }
        #else
        if trace == nil, metrics == nil { return nil }
        #endif
    }

    /// Sends commands, and tells of them and of what became of them.
    func observe(
        blocks: Bool, commands count: Int, _ encode: (inout ByteBuffer) -> Void, _ send: () async throws -> Replies
    ) async throws -> Replies {
        #if DistributedTracingSupport
        let span = blocks ? nil : spans?.start(encode)
        defer { span?.end() }
        #endif
        let words = trace == nil ? [] : TracedCommand.words(writtenBy: encode)
        let start = ContinuousClock.now
        let outcome: Result<Replies, any Error>
        do { outcome = .success(try await send()) } catch { outcome = .failure(error) }
        let duration = start.duration(to: .now)
        let answer = outcome.map(\.all)
        #if DistributedTracingSupport
        span?.note(answer)
        #endif
        trace?.note(words, answer, after: duration)
        metrics?.note(count, answer, after: blocks ? nil : duration)
        return try outcome.get()
    }
}
