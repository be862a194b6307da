import NIOCore

/// One thing that a connection does later, unless something else comes first.
final class GuardTimer {
    private var scheduled: Scheduled<Void>?

    /// Schedules something in the place of what was scheduled before.
    func start(
        after time: Duration, in context: ChannelHandlerContext, _ body: @escaping (ChannelHandlerContext) -> Void
    ) {
        stop()
        scheduled = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { [weak self] in
            self?.scheduled = nil
            body(context)
        }
    }

    /// Forgets what was scheduled.
    func stop() {
        scheduled?.cancel()
        scheduled = nil
    }
}
