import Hummingbird

/// `GET /api/live` and `GET /api/ready`: what a platform asks every few seconds to decide about this process.
///
/// Neither asks Redis. While Redis is away every process would fail at the same time, so restarting this one, or sending
/// its callers elsewhere, would help nobody. Whether Redis answers is told by `GET /api/health`.
enum ProbeRoute {
    /// The process works: if this is not answered, it has to be restarted.
    static let live = Route(.get, "/api/live", .probe, door: .open) { _, _, _ in
        .json(Probe(status: "live"), status: .ok)
    }

    /// The process takes requests: it has started, and is not about to end.
    static func ready(model: String?, _ drain: Drain) -> Route {
        Route(.get, "/api/ready", .probe, door: .open) { _, _, _ in
            drain.isOn
                ? .json(Probe(status: "ending"), status: .serviceUnavailable, headers: [.retryAfter: "2"])
                : .json(Probe(status: "ready", model: model), status: .ok)
        }
    }

    private struct Probe: Encodable {
        var status: String
        var model: String?
    }
}
