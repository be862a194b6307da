import StreamKit

/// The runs that no worker has begun: how many there are, whose they are, and which of them need to be looked at.
///
/// One method per `Scripts/waiting_….lua`. The run's own log decides how a run stands; what is kept here may lag behind.
struct WaitingRuns: Sendable {
    /// A run that has waited for a while.
    struct Run: Sendable {
        let correlationID: String
        /// What the user asked; `nil` if that cannot be read.
        let request: RunRequest?
        let waited: Duration
    }

    let redis: Redis
    let keys: [String]
    let limits: RunLimits
    /// The key by which the queue knows a run that it has seen.
    let idempotencyKey: @Sendable (_ correlationID: String) -> String

    /// How soon a run is looked at for the first time, because it may never have come into the queue.
    private static let soon = Duration.seconds(5)
    /// How soon it is looked at again.
    private static let later = Duration.seconds(20)

    private static let addScript = script(PackageResources.waiting_add_lua)
    private static let removeScript = script(PackageResources.waiting_remove_lua)
    private static let dueScript = script(PackageResources.waiting_due_lua)

    private static func script(_ file: [UInt8]) -> RedisScript {
        RedisScript(file: PackageResources.waiting_prelude_lua + file)
    }

    /// Notes a run.
    ///
    /// - Throws: ``RunLogError/tooManyWaiting(_:ofCaller:)``, or a ``StreamKitError``.
    func add(_ request: RunRequest, caller: String?) async throws {
        let reply = try await redis.run(
            Self.addScript, keys: keys,
            arguments: [
                request.correlationID, try SortedJSON.text(of: request), caller ?? "", String(limits.maximumWaiting),
                String(limits.maximumWaitingPerCaller), String(Self.soon.wholeMilliseconds),
            ])
        let parts = (reply.elements ?? []).compactMap(\.text)
        guard parts.first != "ok" else { return }
        throw RunLogError.tooManyWaiting(parts.last.flatMap { Int($0) } ?? 0, ofCaller: parts.first == "caller")
    }

    /// Forgets runs and their idempotency keys, and returns the tasks that these knew.
    @discardableResult
    func remove(_ correlationIDs: [String]) async throws -> [StreamID] {
        guard !correlationIDs.isEmpty else { return [] }
        let reply = try await redis.run(
            Self.removeScript, keys: keys + correlationIDs.map(idempotencyKey), arguments: correlationIDs)
        return (reply.elements ?? []).compactMap { $0.text.flatMap(StreamID.init) }
    }

    /// Takes runs that have waited for a while; nobody else gets them for some seconds.
    func due(limit: Int) async throws -> [Run] {
        let reply = try await redis.run(
            Self.dueScript, keys: keys,
            arguments: [String(limit), String(Self.later.wholeMilliseconds)])
        let values = (reply.elements ?? []).map { $0.text ?? "" }
        return stride(from: 0, to: values.count - values.count % 3, by: 3).map { index in
            Run(
                correlationID: values[index],
                request: SortedJSON.value(RunRequest.self, of: values[index + 1]),
                waited: .milliseconds(Int(values[index + 2]) ?? 0))
        }
    }

    /// What the user asked (HGET); `nil` for a run that does not wait.
    func request(of correlationID: String) async throws -> RunRequest? {
        try await redis.send("HGET", keys[1], "request:\(correlationID)").text
            .flatMap { SortedJSON.value(RunRequest.self, of: $0) }
    }
}
