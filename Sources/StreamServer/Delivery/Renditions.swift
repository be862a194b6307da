import AgentRuns
import Logging
import NIOCore
import StreamKit
import Synchronization

/// The renditions that somebody watches: who watches the same thing shares one.
final class Renditions: Sendable {
    fileprivate struct State {
        var shared: [Rendition.Key: Rendition] = [:]
        var all: [ObjectIdentifier: Entry] = [:]
        var ticker: Task<Void, Never>?
    }

    fileprivate struct Entry {
        let rendition: Rendition
        var viewers: Int
        var producer: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let pingInterval: Duration
    private let logger: Logger
    let metrics: DeliveryMetrics?

    init(pingInterval: Duration, logger: Logger, metrics: DeliveryMetrics?) {
        self.metrics = metrics
        self.pingInterval = pingInterval
        self.logger = logger
    }

    /// The rendition in which a viewer can go on at its position, if there is one; pair with ``leave(_:)``.
    func join(_ key: Rendition.Key, at position: StreamID) -> Rendition? {
        state.withLock { state in
            guard let rendition = state.shared[key], rendition.covers(position) else { return nil }
            state.all[ObjectIdentifier(rendition)]?.viewers += 1
            return rendition
        }
    }

    /// A rendition that goes on where a replay has come to the end; pair with ``leave(_:)``.
    func joinOrStart(_ key: Rendition.Key, _ replay: Replay) -> Rendition {
        if let rendition = join(key, at: replay.position) { return rendition }
        let rendition = Rendition(key, at: replay.position, ping: replay.ping)
        state.withLock { state in
            // If there is one that is further on, this one is for its viewer alone.
            if state.shared[key] == nil { state.shared[key] = rendition }
            // Unstructured: it lives as long as it has viewers, and the first may leave before the last.
            let producer = Task { await produce(rendition, from: replay) }
            state.all[ObjectIdentifier(rendition)] = Entry(rendition: rendition, viewers: 1, producer: producer)
            // One timer for all viewers, as long as there are any.
            if state.ticker == nil { state.ticker = Task { await tick() } }
        }
        return rendition
    }

    /// Ends the rendition with its last viewer.
    func leave(_ rendition: Rendition) {
        state.withLock { state in
            let id = ObjectIdentifier(rendition)
            state.all[id]?.viewers -= 1
            guard state.all[id]?.viewers == 0 else { return }
            state.all.removeValue(forKey: id)?.producer?.cancel()
            state.forget(rendition)
            guard state.all.isEmpty else { return }
            state.ticker?.cancel()
            state.ticker = nil
        }
    }

    @concurrent private func tick() async {
        while (try? await Task.sleep(for: pingInterval)) != nil {
            for entry in state.withLock({ Array($0.all.values) }) { entry.rendition.ping() }
        }
    }

    /// Follows a run for a rendition.
    @concurrent private func produce(_ rendition: Rendition, from replay: Replay) async {
        var replay = replay
        do {
            while true {
                switch try await replay.next(waiting: true) {
                case .frames(let frames):
                    if let id = frames.last?.id { metrics?.read(upTo: id) }
                    let viewers = rendition.publish(frames)
                    try await Task.sleep(for: Self.pause(after: frames.count, for: viewers))
                case .idle: continue
                case .over(let farewell): return end(rendition, farewell)
                }
            }
        } catch {
            guard let farewell = await replay.farewell(after: error) else { return end(rendition, ByteBuffer()) }
            if error is StreamKitError {
                logger.warning(
                    "The stream of \(rendition.key.conversation) broke off", metadata: ["error": "\(error)"])
            }
            end(rendition, farewell)
        }
    }

    private func end(_ rendition: Rendition, _ farewell: ByteBuffer) {
        // A viewer who comes now reads the end by itself.
        state.withLock { $0.forget(rendition) }
        rendition.end(with: farewell)
    }

    /// How long to collect events for many viewers, so that several leave in one write.
    ///
    /// A write costs the kernel some microseconds per viewer, however little it carries. Where several events came at
    /// once already, more of them are worth a longer wait.
    private static func pause(after events: Int, for viewers: Int) -> Duration {
        let longest = Duration.milliseconds(events > 1 ? 30 : 20)
        return viewers < 50 ? .zero : min(longest, .microseconds(30) * viewers)
    }
}

extension Renditions.State {
    fileprivate mutating func forget(_ rendition: Rendition) {
        if shared[rendition.key] === rendition { shared[rendition.key] = nil }
    }
}
