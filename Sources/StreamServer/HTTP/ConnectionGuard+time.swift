import NIOCore

/// What happens to a connection beside requests and answers: it opens, stalls, runs out of time, and closes.
extension ConnectionGuard {
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { channelOpened() }
    }

    func channelActive(context: ChannelHandlerContext) {
        channelOpened()
        context.fireChannelActive()
    }

    private func channelOpened() {
        reading = .head
        start(limits.headTime) { $0.headIsLate($1) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        clock.stop()
        stall.stop()
        (self.context, encoder) = (nil, nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        clock.stop()
        stall.stop()
        dismissViewer()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !context.channel.isWritable {
            watchForProgress(context)
        } else if !isClosing {
            stall.stop()
            viewer?.pump()
        }
        context.fireChannelWritabilityChanged()
    }

    private func dismissViewer() {
        isWanted = false
        viewer?.end(.left)
    }

    /// Cuts a client off that has read nothing for the whole of a period although something was ready for it.
    func watchForProgress(_ context: ChannelHandlerContext) {
        let unread = Self.unread(context)
        stall.start(after: limits.stallTime, in: context) { [weak self] context in
            guard Self.unread(context) < unread else { return context.close(promise: nil) }
            self?.watchForProgress(context)
        }
    }

    static func unread(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            // Who reads nothing would hold up the shutdown. It can come back to where it was.
            guard !exchanges.isEmpty, context.channel.isWritable else { return context.close(promise: nil) }
            exchanges[exchanges.count - 1].closes = true
            dismissViewer()
        case ChannelEvent.inputClosed where isClosing:
            context.close(promise: nil)
        case ChannelEvent.inputClosed:
            dismissViewer()
            context.fireUserInboundEventTriggered(event)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func start(_ time: Duration, _ body: @escaping (ConnectionGuard, ChannelHandlerContext) -> Void) {
        guard let context else { return }
        clock.start(after: time, in: context) { [weak self] context in
            if let self { body(self, context) }
        }
    }
}
