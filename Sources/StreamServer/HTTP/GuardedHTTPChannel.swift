import Hummingbird
package import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Synchronization

/// HTTP/1 as Hummingbird speaks it, with a ``ConnectionGuard`` in front.
///
/// Hummingbird's own `HTTP1Channel` takes additional handlers only behind the place where the HTTP version is
/// already forgotten, and has one time limit for everything.
struct GuardedHTTPChannel: HTTPChannelHandler {
    typealias Requests = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// A connection that waits to be handled.
    ///
    /// A server that stops drops those that have just arrived. A `NIOAsyncChannel` that is dropped unused ends the
    /// process, so this one is used and closed in that case.
    final class Value: ServerChildChannelValue {
        fileprivate let requests: Requests
        private let isHandled = Atomic(false)

        var channel: any Channel { requests.channel }

        fileprivate init(_ requests: Requests) { self.requests = requests }

        fileprivate func handled() { isHandled.store(true, ordering: .relaxed) }

        deinit {
            guard !isHandled.load(ordering: .relaxed) else { return }
            // Unstructured, because whatever this belonged to has ended.
            Task { [requests] in try? await requests.executeThenClose { _, _ in } }
        }
    }

    let responder: Responder
    let limits: ConnectionLimits
    let maximumBodySize: Int
    let count: ConnectionCount

    /// How many bytes the kernel keeps for a client that does not read; Linux doubles the number.
    private static let sendBuffer: Int = 64 * 1_024

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let address = channel.remoteAddress
        let refusal = count.enter(from: address)
        var limits = limits
        if refusal == nil {
            channel.closeFuture.whenComplete { _ in count.leave(from: address) }
        } else {
            // It is to be told why, and must not keep its descriptor for long.
            limits.headTime = min(limits.headTime, .seconds(1))
        }
        return channel.eventLoop.makeCompletedFuture { [limits] in
            let pipeline = channel.pipeline.syncOperations
            let options = channel.syncOptions
            try? options?.setOption(.socketOption(.so_sndbuf), value: Self.sendBuffer)
            // Most requests fit, and the buffer lives as long as the request's headers.
            try options?.setOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 512, maximum: 64 * 1_024))
            try options?.setOption(.writeBufferWaterMark, value: .init(low: 8 * 1_024, high: 32 * 1_024))
            let connection = ConnectionGuard(
                limits: limits, maximumBodySize: maximumBodySize, refusal: refusal)
            try pipeline.addHandler(ArrivalHandler(connection: connection))
            try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
            try pipeline.addHandler(connection)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            return Value(
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
        }
    }

    func handle(value: Value, logger: Logger) async {
        value.handled()
        await handleHTTP(asyncChannel: value.requests, logger: logger)
    }
}

extension HTTPServerBuilder {
    /// HTTP/1 whose connections keep within limits, and may arrive while the server stops.
    package static func guarded(
        _ limits: ConnectionLimits = ConnectionLimits(), maximumBodySize: Int = 1 << 16
    ) -> HTTPServerBuilder {
        let count = ConnectionCount(limits: limits)
        return HTTPServerBuilder { responder in
            GuardedHTTPChannel(responder: responder, limits: limits, maximumBodySize: maximumBodySize, count: count)
        }
    }
}
