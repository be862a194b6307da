import AgentRuns
import NIOCore
import StreamKit
import Synchronization

/// One form of a conversation, encoded once for everybody who watches it live.
///
/// A producer follows the run and keeps the newest bytes in a window. Viewers are told when there is more, and each
/// takes from the window what it has not sent yet: usually the same buffer as all others.
final class Rendition: Sendable {
    /// What viewers must agree on to share a rendition.
    struct Key: Hashable, Sendable {
        let conversation: String
        let format: StreamFormat
        let isolation: RunIsolation
    }

    /// What a viewer finds after its position.
    enum News: Sendable {
        case piece(BodyPiece, upTo: StreamID)
        case nothing
        /// What comes next is no longer in the window.
        case behind
        case over(ByteBuffer)
    }

    private struct Audience {
        let loop: any EventLoop
        var viewers: [ObjectIdentifier: Viewer] = [:]
    }

    private struct State {
        var window: RecentWindow<ByteBuffer>
        /// What is written last, once nothing more can come.
        var farewell: ByteBuffer?
        var audiences: [ObjectIdentifier: Audience] = [:]
        var viewerCount = 0
        /// What was put together last; most viewers want the same.
        var prepared: (after: StreamID, piece: BodyPiece)?
        var hasGrown = false
    }

    let key: Key
    private let pingPiece: BodyPiece
    private let state: Mutex<State>

    /// A client that is further behind reads from Redis.
    private static let windowSize = 64 << 10

    init(_ key: Key, at position: StreamID, ping: [UInt8]) {
        self.key = key
        pingPiece = BodyPiece(ByteBuffer(bytes: ping))
        state = Mutex(State(window: RecentWindow(at: position, maximumSize: Self.windowSize)))
    }

    /// Whether a viewer at this position can go on here.
    func covers(_ position: StreamID) -> Bool {
        state.withLock { $0.farewell == nil && $0.window.covers(position) }
    }

    func news(after position: StreamID) -> News {
        state.withLock { state in
            guard state.window.covers(position) else { return .behind }
            guard position < state.window.end else { return state.farewell.map { .over($0) } ?? .nothing }
            if let prepared = state.prepared, prepared.after == position {
                return .piece(prepared.piece, upTo: state.window.end)
            }
            var parts = state.window.elements(after: position)
            let count = parts.count
            var bytes = parts.isEmpty ? ByteBuffer() : parts.removeFirst()
            for part in parts { bytes.writeImmutableBuffer(part) }
            let piece = BodyPiece(bytes, events: count)
            state.prepared = (position, piece)
            return .piece(piece, upTo: state.window.end)
        }
    }

    // MARK: Viewers

    func attach(_ viewer: Viewer) {
        let loop = viewer.channel.eventLoop
        state.withLock { state in
            state.audiences[ObjectIdentifier(loop), default: Audience(loop: loop)]
                .viewers[ObjectIdentifier(viewer)] = viewer
            state.viewerCount += 1
        }
    }

    func detach(_ viewer: Viewer) {
        state.withLock { state in
            let loop = ObjectIdentifier(viewer.channel.eventLoop)
            guard state.audiences[loop]?.viewers.removeValue(forKey: ObjectIdentifier(viewer)) != nil else { return }
            state.viewerCount -= 1
        }
    }

    /// Tells silent connections from dead ones, and lets go of what everybody has.
    func ping() {
        state.withLock { state in
            if !state.hasGrown { state.window.forget() }
            state.hasGrown = false
        }
        guard !pingPiece.isEmpty else { return }
        forEachViewer { [pingPiece] in $0.ping(pingPiece) }
    }

    private func forEachViewer(_ body: @escaping @Sendable (Viewer) -> Void) {
        for audience in state.withLock({ Array($0.audiences.values) }) where !audience.viewers.isEmpty {
            audience.loop.execute { audience.viewers.values.forEach(body) }
        }
    }

    // MARK: The producer

    /// Adds the bytes of some entries.
    /// - Returns: how many viewers there are.
    func publish(_ frames: [(id: StreamID, bytes: ByteBuffer)]) -> Int {
        let count = state.withLock { state in
            for (id, bytes) in frames { state.window.append(bytes, id: id, size: bytes.readableBytes + 64) }
            state.prepared = nil
            state.hasGrown = true
            return state.viewerCount
        }
        forEachViewer { $0.pump() }
        return count
    }

    /// Says what is written last.
    func end(with farewell: ByteBuffer) {
        state.withLock { $0.farewell = farewell }
        forEachViewer { $0.pump() }
    }
}
