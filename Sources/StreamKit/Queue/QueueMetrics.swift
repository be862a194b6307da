import Metrics

/// What a queue counts, under the labels that swift-metrics backends see.
///
/// Every one has the dimension `queue`, the queue's key.
struct QueueMetrics: Sendable {
    let enqueued: Counter
    let completed: Counter
    let retried: Counter
    let buried: Counter
    let leasesLost: Counter
    let takenOver: Counter
    /// From the start of an attempt to its end, whatever the end.
    let attempt: Timer

    init(queue: String) {
        let dimensions = [("queue", queue)]
        enqueued = Counter(label: "streamkit.queue.enqueued", dimensions: dimensions)
        completed = Counter(label: "streamkit.queue.completed", dimensions: dimensions)
        retried = Counter(label: "streamkit.queue.retried", dimensions: dimensions)
        buried = Counter(label: "streamkit.queue.buried", dimensions: dimensions)
        leasesLost = Counter(label: "streamkit.queue.leases_lost", dimensions: dimensions)
        takenOver = Counter(label: "streamkit.queue.taken_over", dimensions: dimensions)
        attempt = Timer(label: "streamkit.queue.attempt", dimensions: dimensions)
    }

    /// Sets the gauges of what the queue holds.
    static func record(_ status: TaskQueueStatus, of queue: String) {
        func gauge(_ name: String, _ value: Int, _ more: [(String, String)] = []) {
            Gauge(label: "streamkit.queue.\(name)", dimensions: [("queue", queue)] + more).record(value)
        }
        for priority in QueuePriority.allCases {
            gauge("waiting", status.waiting(priority), [("priority", priority.rawValue)])
        }
        gauge("running", status.running)
        gauge("delayed", status.delayed)
        gauge("dead", status.dead)
    }
}
