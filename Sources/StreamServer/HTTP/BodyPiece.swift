import NIOCore

/// A piece of an answer's body as it goes over the wire, encoded once however many connections it goes to.
struct BodyPiece: Sendable {
    /// For HTTP/1.0, which knows no chunks.
    let plain: ByteBuffer
    /// For HTTP/1.1: a chunk with its size.
    let chunk: ByteBuffer

    /// How many events it has.
    let events: Int

    init(_ bytes: ByteBuffer, events: Int = 0) {
        self.events = events
        plain = bytes
        var chunk = ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n")
        chunk.writeImmutableBuffer(bytes)
        chunk.writeStaticString("\r\n")
        self.chunk = chunk
    }

    /// Whether there is nothing to send; an empty chunk would end the answer.
    var isEmpty: Bool { plain.readableBytes == 0 }
}
