import NIOCore
import StreamKit

/// A connection that is written to from its own event loop, as much as its client takes.
///
/// It holds a position in a rendition and no bytes: what a slow client has not taken stays in the window, which it may
/// fall out of.
final class Viewer: Sendable {
    /// Why it is no longer watching.
    enum Outcome: Sendable {
        /// Nothing more can come; these bytes are last.
        case over(ByteBuffer)
        /// The client is so slow that what it needs next has left the window.
        case behind(StreamID)
        /// The client has gone, or the server is going.
        case left
    }

    private struct Watching {
        let rendition: Rendition
        var position: StreamID
        let waiter: CheckedContinuation<Outcome, Never>
        let connection: ConnectionGuard
    }

    let channel: any Channel
    private let watching: NIOLoopBoundBox<Watching?>
    private let isCancelled: NIOLoopBoundBox<Bool>

    private let metrics: DeliveryMetrics?

    init(on channel: any Channel, metrics: DeliveryMetrics?) {
        self.channel = channel
        self.metrics = metrics
        watching = .makeBoxSendingValue(nil, eventLoop: channel.eventLoop)
        isCancelled = .makeBoxSendingValue(false, eventLoop: channel.eventLoop)
    }

    /// Writes what a rendition brings, until there is a reason to stop.
    func watch(_ rendition: Rendition, from position: StreamID) async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                channel.eventLoop.execute { self.begin(rendition, position, waiter) }
            }
        } onCancel: {
            channel.eventLoop.execute {
                self.isCancelled.value = true
                self.end(.left)
            }
        }
    }

    /// Sends a piece that is not part of a rendition, and waits until the client has room for more.
    ///
    /// - Throws: what the connection failed with.
    func send(_ piece: BodyPiece) async throws {
        guard !piece.isEmpty else { return }
        try await channel.eventLoop.flatSubmit { [self] in
            let sent = channel.eventLoop.makePromise(of: Void.self)
            if let connection = try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self) {
                self.write(piece, to: connection, promise: sent)
            } else {
                sent.fail(ChannelError.ioOnClosedChannel)
            }
            return sent.futureResult
        }.get()
    }

    private func begin(
        _ rendition: Rendition, _ position: StreamID, _ waiter: CheckedContinuation<Outcome, Never>
    ) {
        let connection = try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self)
        guard !isCancelled.value, let connection, connection.isWanted else { return waiter.resume(returning: .left) }
        connection.viewer = self
        watching.value = Watching(rendition: rendition, position: position, waiter: waiter, connection: connection)
        rendition.attach(self)
        pump()
    }

    /// Sends in one write all that there is, if the client has taken what was sent before.
    func pump() {
        while channel.isWritable, let now = watching.value {
            switch now.rendition.news(after: now.position) {
            case .nothing: return
            case .piece(let piece, let end):
                watching.value?.position = end
                write(piece, to: now.connection)
            case .behind: end(.behind(now.position))
            case .over(let farewell): end(.over(farewell))
            }
        }
    }

    func ping(_ piece: BodyPiece) {
        if channel.isWritable, let connection = watching.value?.connection { write(piece, to: connection) }
    }

    private func write(_ piece: BodyPiece, to connection: ConnectionGuard, promise: EventLoopPromise<Void>? = nil) {
        metrics?.sent(piece)
        connection.send(piece, promise: promise)
    }

    /// Stops watching, if it still does.
    func end(_ outcome: Outcome) {
        guard let last = watching.value else { return }
        watching.value = nil
        last.connection.viewer = nil
        last.rendition.detach(self)
        last.waiter.resume(returning: outcome)
    }
}
