import NIOCore

/// Tells a ``ConnectionGuard`` that bytes have arrived, before anything has been made of them.
///
/// A client that sends the head of its request byte by byte is seen nowhere else. Once the connection is closing,
/// what still arrives is thrown away here.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionGuard

    init(connection: ConnectionGuard) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard connection.arrived(bytes.readableBytes) else { return }
        context.fireChannelRead(data)
    }
}
