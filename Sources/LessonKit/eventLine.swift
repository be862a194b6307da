import Foundation

/// One line that says what an event of an agent's log means, for people: `calls get_local_events (…)`.
///
/// - Parameters:
///   - event: The event's name, `tool_usage` for example.
///   - data: Its details as JSON; what is not an object of known fields is shown as it is.
/// - Returns: The line, without the event's name.
public func eventLine(_ event: String, data: String?) -> String {
    guard let data else { return "" }
    guard case .object(let fields)? = try? JSONDecoder().decode(Details.self, from: Data(data.utf8)) else {
        return data
    }
    switch event {
    case "progress": return fields["status"].map { "\($0)".replacing("_", with: " ") } ?? "\(Details.object(fields))"
    case "chain_of_thought": return "\(fields["thought"] ?? fields["prompt"] ?? .object(fields))"
    case "task_started": return "\(fields["message"] ?? .object(fields))"
    case "llm_response": return modelLine(fields)
    case "tool_usage": return toolLine(fields)
    case "attempt": return "a worker was lost, another one goes on as attempt \(fields["attempt"] ?? .text("?"))"
    default: return "\(Details.object(fields))"
    }
}

private func modelLine(_ fields: [String: Details]) -> String {
    if case .list(let calls)? = fields["tool_calls"], !calls.isEmpty {
        let names = calls.map { call -> String in
            guard case .object(let fields) = call, let name = fields["name"] else { return "\(call)" }
            return "\(name)"
        }
        return "asks for \(names.joined(separator: " and "))"
    }
    if let characters = fields["characters"] { return "has said \(characters) characters" }
    return "\(fields["response"] ?? .object(fields))"
}

private func toolLine(_ fields: [String: Details]) -> String {
    let tool = fields["tool"] ?? .text("a tool")
    switch fields["action"] {
    case .text("call"): return "calls \(tool) (\(fields["arguments"] ?? .object([:])))"
    case .text("result"): return "\(tool) answers: \(fields["result"] ?? fields["status"] ?? .object([:]))"
    default: return "uses \(tool): \(Details.object(fields.filter { $0.key != "tool" }))"
    }
}

/// JSON as people read it: no braces, no quotes.
private indirect enum Details: Decodable, Equatable, CustomStringConvertible {
    case text(String), whole(Int64), number(Double), truth(Bool), nothing
    case list([Details]), object([String: Details])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .nothing
        } else if let truth = try? value.decode(Bool.self) {
            self = .truth(truth)
        } else if let whole = try? value.decode(Int64.self) {
            self = .whole(whole)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([Details].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: Details].self))
        }
    }

    var description: String {
        switch self {
        case .text(let text): text
        case .whole(let number): "\(number)"
        case .number(let number): "\(number)"
        case .truth(let truth): "\(truth)"
        case .nothing: "nothing"
        case .list(let elements): elements.map(\.description).joined(separator: "; ")
        case .object(let fields):
            fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        }
    }
}
