public import AgentRuns

extension RunEvent {
    /// The details as JSON; `nil` if there are none, or they are not JSON.
    public var details: JSONValue? { data.flatMap { try? JSONValue(parsing: $0) } }

    /// The event as one line for people, without control characters; `nil` for text, which is the answer itself.
    ///
    /// For example `tool get_weather_forecast(Tokyo) → partly cloudy, 11–18 °C`.
    public var line: String? { kind.line(data: data, error: error) }
}

extension RunEvent.Kind {
    /// An event of this kind as one line for people; `nil` for text.
    ///
    /// Details of a shape that this library does not write are shown value by value.
    ///
    /// - Parameters:
    ///   - data: The event's details as JSON text.
    ///   - error: What the user may know of a failure.
    /// - Returns: The line, without control characters.
    public func line(data: String?, error: String? = nil) -> String? {
        let details = data.map { (try? JSONValue(parsing: $0)) ?? .string($0) }
        let line: String
        switch self {
        case .text: return nil
        case .progress: line = Self.progress(details)
        case .taskStarted: line = "started: " + (details?["message"]?.string ?? details?.brief ?? "")
        case .chainOfThought:
            line = "thought: " + (details?["thought"]?.string ?? details?["prompt"]?.string ?? details?.brief ?? "")
        case .toolUsage: line = Self.toolUse(details)
        case .llmResponse: line = Self.modelTurn(details)
        case .approvalRequested: line = "asks for approval: " + Self.toolUse(details)
        case .approvalDecided:
            let comment = details?["comment"]?.string.map { ": \($0)" } ?? ""
            line = (details?["decision"]?.string ?? "decided") + comment
        case .historySummary: line = "summary: " + (details?["summary"]?.string ?? details?.brief ?? "")
        case .attempt: line = Self.attempt(details)
        case .taskCompleted: line = Self.completion(details)
        case .taskFailed: line = "failed: " + (error ?? "the run failed")
        case .taskCancelled: line = "cancelled"
        default: line = "\(rawValue): " + (error ?? details?["error"]?.string ?? details?.brief ?? "")
        }
        return line.onOneLine(limit: 200)
    }

    private static func progress(_ details: JSONValue?) -> String {
        switch details?["status"]?.string {
        case "queued": "queued"
        case "asking_model": "asking the model"
        case "finished": "finished"
        case let status?: details?["message"]?.string ?? status
        case nil: "progress: " + (details?.brief ?? "")
        }
    }

    private static func attempt(_ details: JSONValue?) -> String {
        let reason =
            switch details?["cause"]?.string.flatMap(AttemptCause.init) {
            case .decision: "goes on after the decision"
            case .failure: "tries again after a failure"
            case .shutdown: "goes on, as the worker before was shut down"
            case .workerLost: "another worker goes on, as the one before was lost"
            case nil: "goes on from the log"
            }
        return "attempt \(details?["attempt"]?.brief ?? "?"): \(reason)"
    }

    private static func toolUse(_ details: JSONValue?) -> String {
        let arguments = details?["arguments"].map { "(\($0.brief))" } ?? ""
        let call = "tool \(details?["tool"]?.string ?? "?")\(arguments)"
        if details?["action"] == "result", let result = details?["result"] {
            return "\(call) → \(result["summary"]?.string ?? result["error"]?.string ?? result.brief)"
        }
        guard arguments.isEmpty, case .object(let members)? = details else { return call }
        let rest = JSONValue.object(members.filter { $0.key != "tool" }).brief
        return rest.isEmpty ? call : "\(call): \(rest)"
    }

    private static func completion(_ details: JSONValue?) -> String {
        guard let status = details?["status"]?.string, !["completed", "success"].contains(status) else {
            return "completed"
        }
        return "completed: \(status)"
    }

    private static func modelTurn(_ details: JSONValue?) -> String {
        if let response = details?["response"]?.string { return "model: \(response)" }
        let tools = (details?["tool_calls"]?.array ?? []).compactMap { $0["name"]?.string }
        let model = "model \(details?["model"]?.string ?? "?")"
        return tools.isEmpty ? "\(model) has answered" : "\(model) asks for \(tools.joined(separator: ", "))"
    }
}

extension JSONValue {
    /// What the value says, without the syntax: the values of an object or list one after the other.
    var brief: String {
        switch self {
        case .string(let text): text
        case .array(let values): values.prefix(20).map(\.brief).joined(separator: ", ")
        case .object(let members):
            members.sorted { $0.key < $1.key }.prefix(20).map(\.value.brief).joined(separator: ", ")
        case .null, .bool, .number: text
        }
    }
}

extension String {
    /// The text with line breaks and control characters as spaces, cut where it is too long.
    fileprivate func onOneLine(limit: Int) -> String {
        let plain = prefix(limit + 1).unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .format where scalar == "\u{200D}": String(scalar)
            case .control, .format, .lineSeparator, .paragraphSeparator: " "
            default: String(scalar)
            }
        }.joined()
        return plain.count > limit ? plain.prefix(limit - 1) + "…" : plain
    }
}
