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
        func report(_ replies: [Reply?], _ error: StreamKitError?) -> Duration {
            let duration = start.duration(to: .now)
            for (words, reply) in zip(words, replies) {
                trace?.handler(TracedCommand(words: words, reply: reply, error: error, duration: duration))
            }
            return duration
        }
        do {
            let replies = try await send()
            #if DistributedTracingSupport
            span?.note(replies.all)
            #endif
            let duration = report(replies.all, nil)
            metrics?.answered(replies.all, after: blocks ? nil : duration)
            return replies
        } catch {
            #if DistributedTracingSupport
            span?.note(error)
            #endif
            _ = report(Array(repeating: nil, count: count), error as? StreamKitError)
            metrics?.unanswered(count, error)
            throw error
        }
    }
}
