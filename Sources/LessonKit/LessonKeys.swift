import Foundation
import StreamKit

/// The keys of one lesson: checked to be free before it, removed or shown after it.
struct LessonKeys {
    let names: [String]
    let server: LessonServer
    let redis: Redis
    let narrator: Narrator

    /// Runs `body` between the check and the cleaning up.
    func around<R>(_ options: LessonOptions, _ body: () async throws -> R) async throws -> R {
        guard !names.isEmpty else { return try await body() }
        try await narrator.untraced {
            try await refuseTakenNames()
            await warnOfOldServer()
        }
        let result: R
        do {
            result = try await body()
        } catch {
            if !options.keep { await remove() }
            throw error
        }
        if options.keep { try await explainWhatStays() } else { await remove() }
        return result
    }

    /// A key that is there already may be somebody's own: it is neither written to nor removed.
    private func refuseTakenNames() async throws {
        let taken = try await existing()
        guard !taken.isEmpty else { return }
        throw LessonProblem(
            """
            This lesson makes \(taken.joined(separator: ", ")), and \(server.configuration) has that already.
            If it is left from a run with --keep, remove it: \(server.configuration.redisCLI(deleting: taken))
            If somebody plays the lesson there right now, take another database: a URL that ends in /1, say.
            """)
    }

    private func existing() async throws -> [String] {
        var found: [String] = []
        for name in names where try await redis.send("EXISTS", name).integer == 1 { found.append(name) }
        return found
    }

    /// A user without the right to ask is not bothered: whatever is missing will say so itself.
    private func warnOfOldServer() async {
        let info = try? await redis.send("INFO", "server").text
        guard let found = info?.firstMatch(of: /redis_version:((\d+)\.\S+)/), let major = Int(found.output.2), major < 7
        else { return }
        narrator.show(
            .warning,
            "This is Redis \(found.output.1). The lessons are written for 7.0 or newer: some steps will fail.",
            hint: server.isPrivate ? "A newer one: \(installation)" : "Without --redis and REDIS_URL they start one.")
    }

    private var installation: String { "https://redis.io/docs/latest/operate/oss_and_stack/install/" }

    /// One DEL per key: a Redis Cluster refuses a command whose keys are in different slots.
    private func remove() async {
        let (redis, names) = (redis, names)
        // A task of its own: after Ctrl-C this one is cancelled, and the keys must go all the same.
        let left = await narrator.untraced {
            await Task {
                var left: [String] = []
                for name in names where (try? await redis.send("DEL", name)) == nil { left.append(name) }
                return left
            }.value
        }
        guard !left.isEmpty, !server.isPrivate else { return }
        let place = "The lesson's keys could not be removed from \(server.configuration)."
        let command = server.configuration.redisCLI(deleting: left)
        writeFully(printable("\(place) To do that: \(command)") + "\n", to: STDERR_FILENO)
    }

    private func explainWhatStays() async throws {
        let kept = try await narrator.untraced { try await existing() }
        narrator.show("Kept: \(kept.joined(separator: ", ")). To look: `\(server.configuration.redisCLI())`")
        guard server.isPrivate else { return }
        guard narrator.terminal.isInteractive else {
            narrator.show("The private server ends now, and the keys with it. --redis URL names a server that stays.")
            return
        }
        narrator.show("The private server, and the keys with it, stay until you press Enter.")
        try await narrator.pause("Press Enter to end the lesson.")
    }
}
