import AgentKit

/// What both travel tools take.
struct DestinationArguments {
    static let schema: JSONValue = [
        "type": "object",
        "properties": [
            "destination": ["type": "string", "description": "A city, for example Tokyo"],
            "date": ["type": "string", "description": "The day or the time of year"],
        ],
        "required": ["destination"],
    ]

    let destination: String

    init(_ arguments: JSONValue) throws {
        let name = arguments["destination"]?.string ?? ""
        guard name.contains(where: \.isLetter) else {
            throw ToolError(
                "'destination' is missing. Pass the name of a city, for example {\"destination\":\"Tokyo\"}.")
        }
        destination = name
    }
}
