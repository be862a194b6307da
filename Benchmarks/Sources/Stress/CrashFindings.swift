import StreamKit

/// What was counted while the writers wrote.
struct CrashTally {
    struct Acknowledged {
        let id: StreamID
        let writer: Int
        let number: Int
    }

    var acknowledged: [Acknowledged] = []
    /// Attempts that may or may not have been carried out.
    var unknown = 0
    /// Attempts that were certainly not carried out.
    var unsent = 0
    var unexpected: [String] = []
    /// What each consumer was given, in order.
    var delivered: [Int: [StreamID]] = [:]
    var deliveredCount: Int { delivered.values.reduce(0) { $0 + $1.count } }
    /// What the consumers had not acknowledged yet when they were stopped.
    var unacknowledged: [StreamID] = []

    mutating func note(_ error: StreamKitError) {
        switch error {
        case .connectionLost(_, outcomeUnknown: true), .timedOut: unknown += 1
        case .connectionLost, .cannotConnect: unsent += 1
        case .server(let reason) where reason.isTransient: unsent += 1
        default: unexpected.append("\(error)")
        }
    }
}

/// Compares what the writers were told, what the stream holds and what the readers saw.
struct CrashFindings: Sendable {
    struct Entry: Sendable {
        let id: StreamID
        let writer: Int
        let number: Int

        init(_ entry: StreamEntry) {
            id = entry.id
            writer = entry["writer"].flatMap { Int($0) } ?? -1
            number = entry["number"].flatMap { Int($0) } ?? -1
        }
    }

    let plan: Crash
    let tally: CrashTally
    let entries: [Entry]
    let readers: CrashRun.Readers
    let pending: Int
    let connections: Int

    func report(to verdict: inout Verdict) {
        verdict.figure("appends acknowledged", tally.acknowledged.count)
        verdict.figure("server killed, sockets cut", "\(plan.kills), \(plan.cuts)")
        verdict.figure("connections made", connections)
        verdict.figure("attempts never sent, and sent later", tally.unsent)
        verdict.figure("attempts of unknown outcome, and repeated", tally.unknown)
        verdict.figure("of these carried out, so there twice", twice)
        verdict.figure("entries in the stream", entries.count)
        checkAppends(&verdict)
        checkReaders(&verdict)
    }

    /// Entries beyond the first of each writer and number.
    private var twice: Int {
        entries.count - Set(entries.map { $0.writer << 32 | $0.number }).count
    }

    private func checkAppends(_ verdict: inout Verdict) {
        let stored = Dictionary(entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let lost = tally.acknowledged.count { told in
            stored[told.id].map { $0.writer == told.writer && $0.number == told.number } != true
        }
        let expected = plan.entries / plan.writers * plan.writers
        verdict.check(
            tally.unexpected.isEmpty, "no writer met an error it could not act on \(tally.unexpected.prefix(3))")
        verdict.check(tally.acknowledged.count == expected, "every append was acknowledged in the end")
        verdict.check(lost == 0, "every acknowledged append is there (\(lost) missing)")
        verdict.check(twice <= tally.unknown, "only an append of unknown outcome is there twice")
        verdict.check(entries.count == expected + twice, "nothing is there that nobody appended")
        verdict.check(isInOrder, "each writer's entries are in its order")
    }

    private var isInOrder: Bool {
        var last: [Int: Int] = [:]
        return entries.allSatisfy { entry in
            defer { last[entry.writer] = entry.number }
            let before = last[entry.writer] ?? -1
            return entry.number == before || entry.number == before + 1
        }
    }

    private func checkReaders(_ verdict: inout Verdict) {
        let all = entries.map(\.id)
        let exact = readers.followed.count { $0 == all }
        verdict.check(
            exact == plan.followers, "\(exact) of \(plan.followers) followers saw every entry once, in order")
        let delivered = readers.delivered.flatMap { $0 }
        let unique = Set(delivered)
        verdict.figure("entries delivered to each consumer", "\(readers.delivered.map(\.count))")
        verdict.check(unique == Set(all), "the group's consumers missed none (\(all.count - unique.count) missing)")
        verdict.check(
            delivered.count == unique.count, "and none came twice (\(delivered.count - unique.count) repeated)")
        verdict.check(pending == 0, "what was acknowledged is not pending (\(pending) pending)")
    }
}
