/// The shapes of what is sent and answered, as JSON Schema.
enum OpenAPISchemas {
    static var all: [String: Any] {
        [
            "Object": ["type": "object"], "Text": text,
            "Prompt": object(
                ["message": prompt],
                optional: [
                    "session_id": conversationIDOrNull("The conversation to go on with."),
                    "thread_id": conversationIDOrNull("The old name of session_id."),
                    "wait_for_response": ["type": ["boolean", "null"]],
                ]),
            // Of each event in the stream.
            "ServerSentEvent": object([:], optional: ["event": text, "data": text, "id": text]),
            "Decision": object(
                ["decision": ["type": "string", "enum": ["approve", "reject"]]],
                optional: ["comment": ["type": ["string", "null"], "maxLength": 2_000]]),
            "Link": object(["stream": text, "snapshot": text, "expires": number]),
            "Accepted": object(["status": text, "conversation_id": text, "correlation_id": text]),
            "Response": object([
                "status": text, "response": text, "conversation_id": text, "correlation_id": text,
            ]),
            "Cancelled": object(["status": text, "conversation_id": text, "correlation_ids": list(text)]),
            "Problem": object(
                [
                    "type": text, "title": text, "status": number, "detail": text,
                    "error": object(["code": text, "message": text]),
                ], optional: ["instance": text]),
            "Event": object(
                ["id": text, "time": number, "type": text, "sequence": orNull("integer"), "run": number],
                optional: ["text": text, "error": text, "data": [:] as [String: Any]]),
            "Turn": object([
                "correlation_id": orNull("string"), "agent": orNull("string"), "prompt": orNull("string"),
                "status": status, "text": text, "error": orNull("string"), "started_at": orNull("integer"),
                "first_text_at": orNull("integer"),
                "ended_at": orNull("integer"),
            ]),
            "Snapshot": object([
                "conversation_id": text, "correlation_id": orNull("string"), "agent": orNull("string"),
                "status": status, "cursor": text, "text": text, "committed_length": number,
                "trimmed": ["type": "boolean"], "turns": list(reference("Turn")), "events": list(reference("Event")),
            ]),
        ]
    }

    static func reference(_ name: String) -> [String: Any] { ["$ref": "#/components/schemas/\(name)"] }

    static var text: [String: Any] { ["type": "string"] }
    /// Something beside blanks.
    static var prompt: [String: Any] { ["type": "string", "pattern": "\\S", "maxLength": 65_536] }
    static var conversationID: [String: Any] { ["type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$"] }
    private static var number: [String: Any] { ["type": "integer"] }
    // A later server may know more of them.
    private static var status: [String: Any] {
        [
            "type": "string",
            "examples": ["queued", "running", "waiting", "completed", "failed", "cancelled", "expired"],
        ]
    }

    private static func conversationIDOrNull(_ description: String) -> [String: Any] {
        conversationID.merging(["type": ["string", "null"], "description": description]) { $1 }
    }

    private static func orNull(_ type: String) -> [String: Any] { ["type": [type, "null"]] }

    private static func list(_ item: [String: Any]) -> [String: Any] { ["type": "array", "items": item] }

    private static func object(
        _ required: [String: [String: Any]], optional: [String: [String: Any]] = [:]
    ) -> [String: Any] {
        [
            "type": "object", "required": required.keys.sorted(),
            "properties": required.merging(optional) { old, _ in old },
        ]
    }
}
