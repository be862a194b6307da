import AgentRuns

extension AgentLoop {
    /// Carries out the calls of one turn, all at once; each result is logged as it comes.
    ///
    /// - Returns: The results in the order of the calls.
    /// - Throws: The first failure, once the other calls have come to their end.
    func use(_ calls: [ToolCall], in turn: Int) async throws -> [JSONValue] {
        let uses = calls.enumerated().map { ToolUse(turn: turn, call: $0, $1) }
        let missing = uses.filter { checkpoint.results[$0.place] == nil }
        let undecided = missing.filter { needsDecision($0) }
        let due = missing.filter { !needsDecision($0) }
        for use in due { try checkOutcome(of: use) }
        for use in due { try await writer.append(.toolUsage, data: use.json.text) }
        let results = try await carryOut(due)
        // What could be done without a person's word is done; nobody waits for it here.
        if !undecided.isEmpty { throw pause(for: undecided) }
        return uses.map { checkpoint.results[$0.place] ?? results[$0.place] ?? .null }
    }

    private func carryOut(_ uses: [ToolUse]) async throws -> [RunCheckpoint.Place: JSONValue] {
        try await withThrowingTaskGroup(of: (RunCheckpoint.Place, Result<JSONValue, any Error>).self) { group in
            for use in uses {
                group.addTask { (use.place, try await outcome(of: use)) }
            }
            var results: [RunCheckpoint.Place: JSONValue] = [:]
            var failure: (any Error)?
            for try await (place, outcome) in group {
                switch outcome {
                case .success(let result): results[place] = result
                case .failure(let error): failure = failure ?? error
                }
            }
            if let failure { throw failure }
            return results
        }
    }

    /// Carries out one call and logs what came of it.
    ///
    /// - Returns: The result, or a failure that must not cut off the other calls.
    /// - Throws: What ends the other calls, too: this attempt is not to go on.
    private func outcome(of use: ToolUse) async throws -> Result<JSONValue, any Error> {
        do {
            var use = use
            use.action = "result"
            do {
                (use.status, use.result) = ("completed", try await withToolSpan(use) { try await call(use) })
            } catch let error as ToolError {
                (use.status, use.result) = ("failed", ["error": .string(error.description)])
            }
            try await writer.checkpoint(.toolUsage, data: use.json.text)
            return .success(use.result ?? .null)
        } catch let error where error is RunLogError || Task.isCancelled {
            throw error
        } catch {
            return .failure(error)
        }
    }

    private func call(_ use: ToolUse) async throws -> JSONValue {
        let tool = try tool(named: use.tool)
        try checkApproval(of: use)
        do {
            let result = try await abandoning(after: limits.toolTime, on: limits.clock) {
                try await tool.call(use.arguments ?? [:])
            }
            let size = result.text.utf8.count
            guard size <= limits.toolResultSize else {
                throw ToolError(
                    "'\(tool.name)' returned \(size) bytes, and at most \(limits.toolResultSize) are read. "
                        + "Ask for less.")
            }
            return result
        } catch let error as ToolError {
            throw error
        } catch let error where !tool.isSafeToRepeat && !Task.isCancelled {
            throw unknownOutcome(of: use, because: "\(error)")
        } catch is TimeLimitReached {
            throw ToolError("'\(tool.name)' did not answer within \(limits.toolTime).")
        }
    }

    func tool(named name: String) throws -> any Tool {
        guard let tool = agent.tools.first(where: { $0.name == name }) else {
            throw ToolError(
                "There is no tool '\(name)'. There are: \(agent.tools.map(\.name).joined(separator: ", ")).")
        }
        return tool
    }

    /// Refuses to do something again that a former attempt may have done.
    private func checkOutcome(of use: ToolUse) throws {
        guard checkpoint.begun.contains(use.place), let tool = try? tool(named: use.tool), !tool.isSafeToRepeat else {
            return
        }
        throw unknownOutcome(of: use, because: "the attempt that called it ended before it had a result")
    }

    private func unknownOutcome(of use: ToolUse, because reason: String) -> RunFailure {
        RunFailure(
            "It is not known whether '\(use.tool)' was carried out, so it was not tried again. "
                + "Check before you ask once more.",
            reason: "Nobody knows what came of '\(use.tool)' (turn \(use.turn), call \(use.call)): \(reason). "
                + "The tool says that repeating it is not safe. Look at what it changes, then ask again.")
    }
}
