import AgentRuns
import Hummingbird
import NIOCore
import StreamKit

/// Reads a conversation for one viewer, from its position to what is newest; a rendition then goes on from there.
struct Replay: Sendable {
    let log: RunLog
    private var events: RunEvents.Iterator
    private var framing: any EventFraming
    /// The newest entry that was turned into bytes, or where to begin.
    private(set) var position: StreamID
    /// Why reading failed, once what was read before is on its way.
    private var failure: (any Error)?

    init(of log: RunLog, _ events: RunEvents, from position: StreamID, _ framing: any EventFraming) {
        self.log = log
        self.events = events.makeAsyncIterator()
        self.position = position
        self.framing = framing
    }

    /// What shows that the connection is alive.
    var ping: [UInt8] {
        var framing = framing
        return framing.ping()
    }

    /// What reading on brings.
    enum Progress: Sendable {
        /// The bytes of the entries that were there.
        case frames([(id: StreamID, bytes: ByteBuffer)])
        /// Nothing yet.
        case idle
        /// What is written last.
        case over(ByteBuffer)
    }

    /// Turns the next entries into bytes: those that are there, but some kilobytes at most.
    mutating func next(waiting: Bool) async throws -> Progress {
        var frames: [(id: StreamID, bytes: ByteBuffer)] = []
        var size = 0
        repeat {
            switch try await step(waiting: waiting, orFailLater: !frames.isEmpty) {
            case .event(let event):
                let bytes = framing.bytes(for: event)
                size += bytes.count
                position = event.id
                // Two events of one entry belong together.
                if frames.last?.id == event.id {
                    frames[frames.count - 1].bytes.writeBytes(bytes)
                } else {
                    frames.append((event.id, ByteBuffer(bytes: bytes)))
                }
            case .idle: return frames.isEmpty ? .idle : .frames(frames)
            case .end where frames.isEmpty:
                let newest = framing.lastEvent == nil ? try await log.newestEvents(1).first : nil
                return .over(ByteBuffer(bytes: framing.end(newest)))
            case .end: return .frames(frames)
            }
        } while events.bufferedID != nil && (size < 16 << 10 || frames.last?.id == events.bufferedID)
        return .frames(frames)
    }

    /// Reads on; a failure behind events that were read comes after them, so that `position` is what a viewer has.
    private mutating func step(waiting: Bool, orFailLater: Bool) async throws -> RunStep {
        if let failure { throw failure }
        do {
            let step = try await events.step(waiting: waiting)
            if case .event(let event) = step, let valid = event.lastValidID {
                framing.goOn(after: try await LineBreakJoiner(after: valid, in: log))
            }
            return step
        } catch  where orFailLater {
            failure = error
            return .idle
        }
    }

    /// What is written last when reading fails; `nil` for a failure that tells a viewer nothing.
    func farewell(after error: any Error) async -> ByteBuffer? {
        var framing = framing
        switch error {
        case let error as RunLogError:
            let gap = await StreamGap(error, in: log, after: position).map(framing.gap) ?? []
            return ByteBuffer(bytes: gap + framing.failure("\(error)"))
        case StreamKitError.server:
            return ByteBuffer(bytes: framing.failure("The log of this conversation can no longer be read."))
        case is StreamKitError:
            return ByteBuffer(
                bytes: framing.interruption(
                    "The server lost Redis. Connect again with the last id; nothing is missed."))
        default: return nil
        }
    }
}
