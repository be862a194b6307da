import CoreMetrics
import Metrics

/// What a queue counts, under the labels that swift-metrics backends see.
///
/// Each metric has the dimension `queue`, the queue's key. They go to the same backend as the client's metrics.
struct QueueMetrics: Sendable {
    let enqueued, buried: Counter
    private let completed, retried, leasesLost, takenOver: Counter
    /// The time from the start of an attempt to its end, however it ends.
    let attempt: Timer
    private let dimensions: [(String, String)]
    private let factory: any MetricsFactory

    /// Creates the metrics of a queue; without a factory they go to the one that was bootstrapped.
    init(queue: String, _ factory: (any MetricsFactory)?) {
        let factory = factory ?? MetricsSystem.factory
        let dimensions = [("queue", queue)]
        func counter(_ name: String) -> Counter {
            Counter(label: "streamkit.queue.\(name)", dimensions: dimensions, factory: factory)
        }
        self.dimensions = dimensions
        self.factory = factory
        enqueued = counter("enqueued")
        completed = counter("completed")
        retried = counter("retried")
        buried = counter("buried")
        leasesLost = counter("leases_lost")
        takenOver = counter("taken_over")
        attempt = Timer(label: "streamkit.queue.attempt", dimensions: dimensions, factory: factory)
    }

    /// Counts what a worker did.
    func count(_ event: TaskQueueEvent) {
        switch event {
        case .completed: completed.increment()
        case .failed(_, _, _, let isGivenUp): (isGivenUp ? buried : retried).increment()
        case .lost: leasesLost.increment()
        case .released: takenOver.increment()
        case .taken, .handedBack: break
        }
    }

    /// Sets the gauges of what the queue holds.
    func record(_ status: TaskQueueStatus) {
        func gauge(_ name: String, _ value: Int, _ more: [(String, String)] = []) {
            Gauge(label: "streamkit.queue.\(name)", dimensions: dimensions + more, factory: factory).record(value)
        }
        gauge("waiting", status.depth.high, [("priority", "high")])
        gauge("waiting", status.depth.normal, [("priority", "normal")])
        gauge("waiting", status.depth.low, [("priority", "low")])
        gauge("running", status.running)
        gauge("delayed", status.delayed)
        gauge("dead", status.dead)
    }
}
