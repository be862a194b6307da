import AgentRuns

extension AgentLoop {
    /// Whether a call waits for a person's word.
    func needsDecision(_ use: ToolUse) -> Bool {
        guard let tool = try? tool(named: use.tool), tool.needsApproval else { return false }
        return checkpoint.decisions[use.approvalID] == nil
    }

    /// Gives the run back until people have decided.
    func pause(for uses: [ToolUse]) -> RunPause {
        let requests = uses.filter { !checkpoint.requested.contains($0.approvalID) }.map { use in
            let data: JSONValue = .object(present: [
                "run": .string(writer.request.correlationID), "call": .string(use.approvalID),
                "tool": .string(use.tool), "arguments": use.arguments,
                "seconds": JSONValue(Int(limits.approvalTime.components.seconds)),
            ])
            return ApprovalRequest(call: use.approvalID, data: data.text)
        }
        return RunPause(requests, limit: limits.approvalTime)
    }

    /// Refuses a call that a person has rejected; the model reads why.
    func checkApproval(of use: ToolUse) throws {
        guard let decision = checkpoint.decisions[use.approvalID], decision.decision == .rejected else { return }
        let comment = decision.comment.map { ": \($0)" } ?? "."
        throw ToolError("A person did not allow '\(use.tool)'\(comment)")
    }
}

extension ToolUse {
    /// Names the call within its run.
    var approvalID: String { "\(turn)-\(call)" }
}
