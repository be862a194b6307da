/// The keys of one queue.
///
/// They share a hash slot, as scripts on a cluster need.
struct QueueKeys: Sendable {
    let stream: String
    let delayed: String
    let dead: String
    private let prefix: String

    init(stream: String) {
        self.stream = stream
        // A key that brings a hash tag of its own keeps it; braces around it would make another tag.
        prefix = Self.hasHashTag(stream) ? stream : "{\(stream)}"
        delayed = "\(prefix):delayed"
        dead = "\(prefix):dead"
    }

    /// Where the first task enqueued under an idempotency key is remembered.
    func once(_ idempotencyKey: String) -> String { "\(prefix):once:\(idempotencyKey)" }

    /// A non-empty text between the first `{` and the next `}` is all that Redis hashes.
    private static func hasHashTag(_ key: String) -> Bool {
        guard let open = key.firstIndex(of: "{"), let close = key[open...].firstIndex(of: "}") else { return false }
        return key.index(after: open) < close
    }
}
