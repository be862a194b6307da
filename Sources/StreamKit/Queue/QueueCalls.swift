import Foundation
import Logging

/// What a queue asks of the server: XREADGROUP, and one method per script in `Scripts/`, whose headers say what they
/// take and answer.
///
/// Only that method knows the script's arguments and the shape of its reply. A reply of another shape is
/// ``StreamKitError/unexpectedReply(_:)``, and never trusted.
final class QueueCalls: Sendable {
    let redis: Redis
    let keys: QueueKeys
    let group: String
    let options: TaskQueueOptions

    /// The most often that a group can have been created: up to here a script's numbers hold fencing tokens exactly.
    static let generations = 1..<2_097_151

    init(redis: Redis, key: String, group: String, options: TaskQueueOptions) {
        self.redis = redis
        self.group = group
        self.options = options
        keys = QueueKeys(stream: key)
    }

    private static let repairScript = RedisScript(queue: PackageResources.repair_lua)

    /// Runs a script.
    ///
    /// Scripts notice companion keys that hold another type before they change anything. These keys are then removed,
    /// and the script runs again; not forever, because it may be the caller's own key that is wrong.
    func run(_ script: RedisScript, _ arguments: [String], moreKeys: [String] = []) async throws -> Reply {
        try await run(script, argumentCount: arguments.count, moreKeys: moreKeys) { buffer in
            for argument in arguments { buffer.argument(argument) }
        }
    }

    /// Does the same with arguments that `encode` writes.
    func run(
        _ script: RedisScript, argumentCount: Int, moreKeys: [String] = [], _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Reply {
        let keys = keys.all + moreKeys
        for _ in 0..<5 {
            do {
                return try await redis.run(script, keys: keys, argumentCount: argumentCount, encode)
            } catch StreamKitError.server(let error) where error.prefix == "WRONGTYPE" {
                for key in try await redis.run(Self.repairScript, keys: self.keys.all, arguments: []).elements ?? [] {
                    options.logger.error("removed key '\(key.text ?? "")': it is the queue's and held another type")
                }
            }
        }
        return try await redis.run(script, keys: keys, argumentCount: argumentCount, encode)
    }

    /// A time span in whole milliseconds that every command accepts.
    func milliseconds(_ duration: Duration) -> String {
        // This is three thousand years: more would overflow when the server adds the time of day.
        String(min(max(duration.wholeMilliseconds, 0), 100_000_000_000_000))
    }

    func unexpected(_ what: String, _ reply: Reply) -> StreamKitError {
        let text = String("\(reply)".prefix(200))
        return .unexpectedReply("\(what) of queue '\(keys.normal)' was answered with something else: \(text)")
    }

    var limitsOfDeadLetters: [String] {
        [String(max(options.maximumDeadLetters, 0)), milliseconds(options.deadLetterRetention)]
    }
}

extension RedisScript {
    /// A script of the queue, behind the prelude that they share.
    init(queue file: [UInt8]) { self.init(file: PackageResources.prelude_lua + file) }
}

// These calls enqueue tasks and ask about them.
extension QueueCalls {
    private static let enqueueScript = RedisScript(queue: PackageResources.enqueue_lua)
    private static let cancelScript = RedisScript(queue: PackageResources.cancel_lua)
    private static let requeueScript = RedisScript(queue: PackageResources.requeue_lua)
    private static let resultScript = RedisScript(queue: PackageResources.result_lua)
    private static let statusScript = RedisScript(queue: PackageResources.status_lua)

    /// When a task may be taken.
    enum Moment: Equatable {
        case now
        case after(Duration)
        case at(Date)
    }

    /// Adds tasks that need more than a bare XADD; at most some hundreds in one step.
    func enqueue(
        _ payloads: ArraySlice<Data>, _ priority: QueuePriority, _ moment: Moment, idempotencyKeys: [String]
    ) async throws -> [StreamID] {
        let when =
            switch moment {
            case .now: ["now", "0"]
            case .after(let delay): ["in", milliseconds(delay)]
            case .at(let date): ["at", milliseconds(.seconds(min(max(date.timeIntervalSince1970, 0), 1e11)))]
            }
        let reply = try await run(
            Self.enqueueScript,
            [milliseconds(options.idempotencyWindow), priority.rawValue] + when
                + payloads.map { String(decoding: $0, as: UTF8.self) },
            moreKeys: idempotencyKeys.map { keys.once($0) })
        guard let ids = reply.elements, ids.count == payloads.count else { throw unexpected("Enqueuing", reply) }
        return try ids.map { try $0.streamID("the enqueue script") }
    }

    func cancel(_ task: StreamID) async throws -> CancelledTask? {
        try await run(Self.cancelScript, [group, "\(task)"]).text.flatMap { CancelledTask(rawValue: $0) }
    }

    /// Puts a dead letter back.
    /// - Returns: Whether there was one.
    func requeue(_ letter: StreamID) async throws -> Bool {
        try await run(Self.requeueScript, ["\(letter)"]).integer == 1
    }

    /// The JSON of a recorded result.
    func result(of task: StreamID) async throws -> Data? {
        try await run(Self.resultScript, ["\(task)"]).bytes.map { Data($0) }
    }

    func status() async throws -> TaskQueueStatus {
        let reply = try await run(Self.statusScript, [group])
        guard let parts = reply.elements, parts.count == 9, let waiting = parts[0].elements?.map(count),
            waiting.count == 4
        else { throw unexpected("The status", reply) }
        let running = (parts[8].elements ?? []).compactMap { runningTask($0, now: count(parts[7])) }
        return TaskQueueStatus(
            depth: .init(high: waiting[0] + waiting[1], normal: waiting[2], low: waiting[3]),
            running: count(parts[1]), runningTasks: running, delayed: count(parts[2]), dead: count(parts[3]),
            workers: count(parts[4]), completedLastMinute: count(parts[5]), results: count(parts[6]))
    }

    /// A number that is not negative, and small enough to be added to another one.
    private func count(_ reply: Reply) -> Int { min(max(reply.integer ?? 0, 0), 1 << 53) }

    private func runningTask(_ reply: Reply, now: Int) -> TaskQueueStatus.RunningTask? {
        guard let parts = reply.elements, parts.count == 6, let id = parts[0].text.flatMap({ StreamID($0) }),
            let worker = parts[1].text, let priority = parts[5].text.flatMap({ QueuePriority(rawValue: $0) })
        else { return nil }
        let age = max(now - min(Int(clamping: id.milliseconds), now), 0)
        return .init(
            id: id, priority: priority, worker: worker, attempt: count(parts[2]),
            ranMilliseconds: count(parts[4]), silentMilliseconds: count(parts[3]), ageMilliseconds: age)
    }
}
