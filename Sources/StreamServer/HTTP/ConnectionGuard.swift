import NIOCore
import NIOHTTP1

/// Keeps one connection within its ``ConnectionLimits``, and ends it so that the client still gets its answer.
///
/// It sees requests before Hummingbird does and answers after it. Whatever a client sends or leaves unread, a
/// connection costs a bounded amount of memory, and it closes within a bounded time:
/// - A body where none belongs, requests beyond the limit, and what follows a closing answer are dropped.
/// - An answer that ends before its request does closes the connection.
/// - Time limits hold for the head, the body, the pause between requests, and for unread answers.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Which part of a request is awaited.
    enum Reading {
        /// The first byte of the next one.
        case nothing
        case head
        case body
        /// None any more: whatever comes is dropped.
        case over
    }

    let limits: ConnectionLimits
    let maximumBodySize: Int
    /// What is answered if the server has no place for this connection.
    let refusal: Problem?

    /// The requests that have not been answered to the end, oldest first.
    var exchanges: [Exchange] = []
    var reading = Reading.nothing
    var isClosing = false
    /// How many bytes may still be thrown away while the connection closes.
    var discardable = 256 * 1_024
    var context: ChannelHandlerContext?
    /// The place of the encoder in the pipeline, once it was looked for.
    var encoder: ChannelHandlerContext?
    /// Who writes the present answer piece by piece, and wants to know when there is room and when to stop.
    var viewer: Viewer?
    /// Whether the client still listens, and the server goes on.
    var isWanted = true
    let clock = GuardTimer()
    let stall = GuardTimer()

    init(limits: ConnectionLimits, maximumBodySize: Int, refusal: Problem?) {
        self.limits = limits
        self.maximumBodySize = maximumBodySize
        self.refusal = refusal
    }

    // MARK: Reading

    /// Notes that bytes have arrived, and says whether anything is to be made of them.
    func arrived(_ count: Int) -> Bool {
        guard let context else { return false }
        guard !isClosing else {
            discardable -= count
            if discardable < 0 { context.close(promise: nil) }
            return false
        }
        if reading == .nothing {
            reading = .head
            start(limits.headTime) { $0.headIsLate($1) }
        }
        return true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard reading != .over else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            begin(head, context)
        case .body:
            context.fireChannelRead(data)
        case .end:
            clock.stop()
            // What follows a closing request is not answered, so it must not be acted on either.
            reading = exchanges.last?.closes == true ? .over : .nothing
            context.fireChannelRead(data)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        clock.stop()
        if let refusal { return turnAway(context, refusal) }
        guard exchanges.count < limits.pipelinedRequests else { return closeAfterLast() }
        var head = head
        head.settleHost()
        exchanges.append(Exchange(head))
        reading = .body
        context.fireChannelRead(wrapInboundOut(.head(head)))
        guard head.announcesBody else { return }
        if head.mayHaveBody {
            start(limits.bodyTime) { $0.bodyIsLate($1) }
            if head.expectsContinue { sendContinue(head, context) }
        } else {
            // The route sees a request without a body whose head announces one, and refuses it.
            context.fireChannelRead(wrapInboundOut(.end(nil)))
            closeAfterLast()
        }
    }

    /// Drops what comes from now on, and closes once everything admitted is answered.
    func closeAfterLast() {
        reading = .over
        clock.stop()
        guard !exchanges.isEmpty else { return }
        exchanges[exchanges.count - 1].closes = true
    }

    private func sendContinue(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        // Behind an unfinished answer it would be taken for a part of that; a body too large is refused instead.
        guard exchanges.count == 1, head.contentLength ?? 0 <= maximumBodySize else { return }
        context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
    }

    func headIsLate(_ context: ChannelHandlerContext) {
        if exchanges.isEmpty { context.close(promise: nil) } else { closeAfterLast() }
    }

    private func bodyIsLate(_ context: ChannelHandlerContext) {
        // The route that reads the body answers 408, which closes; if it does not, this does.
        context.fireErrorCaught(RequestBodyTimeout())
        start(.seconds(5)) { $1.close(promise: nil) }
    }

    func read(context: ChannelHandlerContext) {
        // What would be dropped anyway may as well stay with the client.
        if reading != .over { context.read() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if isClosing { context.read() }
    }
}

/// A client took longer to send the body of its request than it may.
struct RequestBodyTimeout: Error {}
