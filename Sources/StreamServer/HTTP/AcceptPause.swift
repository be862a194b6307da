import NIOCore

/// Stops accepting for a moment after an attempt failed, for example because no file descriptor is left.
///
/// NIO delays the *next* read of the listening socket after such an error. But the read that failed stays pending, so
/// the socket reports itself readable again at once, and a core spins. Only switching reads off ends that.
final class AcceptPause: ChannelInboundHandler, Sendable {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(500)

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else { return context.fireErrorCaught(error) }
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: Self.pause) {
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
        context.fireErrorCaught(error)
    }
}
