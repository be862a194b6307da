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
        try await narrator.untraced { try await refuseTakenNames() }
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
        var taken: [String] = []
        for name in names where try await redis.send("EXISTS", name).integer == 1 { taken.append(name) }
        guard !taken.isEmpty else { return }
        throw LessonProblem(
            """
            This lesson makes \(taken.joined(separator: ", ")), and \(server.configuration) has that already.
            If it is left from a run with --keep, remove it: \(server.redisCLI) DEL \(taken.joined(separator: " "))
            """)
    }

    private func remove() async {
        let (redis, command) = (redis, ["DEL"] + names)
        // A task of its own: after Ctrl-C this one is cancelled, and the keys must go all the same.
        // Without a connection there is nothing more to do, and the lesson's own error says so.
        await narrator.untraced {
            await Task { _ = try? await redis.send(command) }.value
        }
    }

    private func explainWhatStays() async throws {
        narrator.show("Kept: \(names.joined(separator: ", ")). To look: `\(server.redisCLI)`")
        guard server.isPrivate else { return }
        guard narrator.terminal.isInteractive else {
            narrator.show("The private server ends now, and the keys with it. --redis URL names a server that stays.")
            return
        }
        narrator.show("The private server, and the keys with it, stay until you press Enter.")
        try await narrator.pause("Press Enter to end the lesson.")
    }
}
