import CoreMetrics
import Foundation
import NIOCore
import StreamKit

/// What a server counts of its viewers for swift-metrics: `streamserver.viewers`, `.events`, `.bytes` and `.lag`.
///
/// They go to the same backend as the metrics of the Redis client. Without one nothing is counted.
struct DeliveryMetrics: Sendable {
    /// How many connections watch.
    private let viewers: Meter
    /// Events that were sent, once for each viewer.
    private let events: Counter
    /// Bytes of event streams that were sent.
    private let bytes: Counter
    /// The time from an entry's ID, which the Redis server's clock makes, until the entry is ready to be sent.
    private let lag: CoreMetrics.Timer

    /// - Returns: `nil` if metrics go nowhere.
    init?(_ factory: any MetricsFactory) {
        guard !(factory is NOOPMetricsHandler) else { return nil }
        viewers = Meter(label: "streamserver.viewers", dimensions: [], factory: factory)
        events = Counter(label: "streamserver.events", dimensions: [], factory: factory)
        bytes = Counter(label: "streamserver.bytes", dimensions: [], factory: factory)
        lag = CoreMetrics.Timer(label: "streamserver.lag", dimensions: [], factory: factory)
    }

    func viewerCame() { viewers.increment() }

    func viewerLeft() { viewers.decrement() }

    func sent(_ piece: BodyPiece) {
        if piece.events > 0 { events.increment(by: piece.events) }
        bytes.increment(by: piece.plain.readableBytes)
    }

    func read(upTo id: StreamID) {
        let now = Date().timeIntervalSince1970 * 1_000
        lag.recordNanoseconds(Int64(max(0, now - Double(id.milliseconds)) * 1_000_000))
    }
}
