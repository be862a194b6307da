import HTTPTypes
import NIOCore
import NIOHTTP1

/// What happens to an answer on its way to the client, and how a connection ends after it.
extension ConnectionGuard {
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else { return promise?.fail(ChannelError.ioOnClosedChannel) ?? () }
        if exchanges.isEmpty { exchanges = [.unreadable] }
        switch unwrapOutboundIn(data) {
        case .head(let head) where (100..<200).contains(head.status.code):
            context.write(data, promise: promise)
        case .head(let head):
            context.write(wrapOutboundOut(.head(settled(head))), promise: promise)
        case .body where exchanges[0].isHead:
            promise?.succeed()
        case .body:
            context.write(data, promise: promise)
        case .end:
            let exchange = exchanges.removeFirst()
            if exchange.isHead { promise?.succeed() } else { context.write(data, promise: promise) }
            context.flush()
            finished(exchange, context)
        }
    }

    /// Sends a piece of the present answer past the encoder, because it is encoded already.
    func send(_ piece: BodyPiece, promise: EventLoopPromise<Void>? = nil) {
        if encoder == nil {
            encoder = try? context?.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
        }
        guard !isClosing, !piece.isEmpty, let exchange = exchanges.first, !exchange.isHead, let encoder else {
            return promise?.fail(ChannelError.ioOnClosedChannel) ?? ()
        }
        encoder.writeAndFlush(NIOAny(exchange.isOld ? piece.plain : piece.chunk), promise: promise)
        if let promise, let context { watchUntilSent(promise.futureResult, context) }
    }

    /// Cuts off a client that does not take a piece, even one that is too small to make the channel unwritable.
    private func watchUntilSent(_ sent: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
        guard Self.unread(context) > 0 else { return }
        watchForProgress(context)
        sent.assumeIsolated().whenComplete { [self] _ in
            if !isClosing, context.channel.isWritable { stall.stop() }
        }
    }

    /// The head of an answer, as this client can read it and with what it has to know of the connection.
    private func settled(_ head: HTTPResponseHead) -> HTTPResponseHead {
        var head = head
        let isHalfRead = exchanges.count == 1 && reading == .body
        if isHalfRead || head.headers[canonicalForm: "connection"].contains("close") { exchanges[0].closes = true }
        if exchanges[0].closes { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        // The encoder chunks nothing for this version.
        if exchanges[0].isOld { head.version = .http1_0 }
        return head
    }

    private func finished(_ exchange: Exchange, _ context: ChannelHandlerContext) {
        if exchange.closes {
            close(context)
        } else if exchanges.isEmpty, reading == .nothing {
            start(limits.idleTime) { $1.close(promise: nil) }
        }
    }

    /// Says that nothing more comes, and waits for the client to hang up.
    ///
    /// Closing at once would make the kernel take the answer back if the client were still sending.
    func close(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        reading = .over
        exchanges = []
        clock.stop()
        watchForProgress(context)
        let sent = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in
            let (connection, context) = bound.value
            connection.stall.stop()
            connection.start(.seconds(2)) { $1.close(promise: nil) }
            context.read()
        }
        context.close(mode: .output, promise: sent)
    }

    /// Answers instead of a route.
    func turnAway(_ context: ChannelHandlerContext, _ problem: Problem) {
        let body = ByteBuffer(bytes: problem.document(nil))
        let headers: HTTPHeaders = [
            "Content-Type": "application/problem+json", "Content-Length": "\(body.readableBytes)",
            "Retry-After": problem.headers[.retryAfter] ?? "5", "Connection": "close",
        ]
        reading = .over
        for part: HTTPServerResponsePart in [
            .head(.init(version: .http1_1, status: .init(statusCode: problem.status.code), headers: headers)),
            .body(.byteBuffer(body)), .end(nil),
        ] {
            context.write(wrapOutboundOut(part), promise: nil)
        }
        context.flush()
        close(context)
    }
}
