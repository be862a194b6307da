import Testing

@testable import AgentKit

@Suite("Tools with Swift types")
struct TypedToolTests {
    @Test func `the schema follows from the type of the arguments`() {
        #expect(
            Search().parameters == [
                "type": "object", "additionalProperties": .bool(false), "required": ["filter", "tags", "text"],
                "properties": [
                    "text": ["type": "string", "description": "What to look for"],
                    "limit": ["type": "integer"],
                    "tags": ["type": "array", "items": ["type": "string"]],
                    "order": ["type": "string", "enum": ["newest", "oldest"]],
                    "filter": [
                        "type": "object", "additionalProperties": .bool(false), "required": ["isOpen", "weight"],
                        "properties": ["isOpen": ["type": "boolean"], "weight": ["type": "number"]],
                    ],
                ],
            ])
    }

    @Test func `arguments are decoded and the result is encoded`() async throws {
        let arguments = try JSONValue(
            parsing: #"{"text":"a","tags":["b"],"order":"oldest","filter":{"isOpen":true,"weight":1.5}}"#)
        #expect(try await Search().call(arguments) == ["found": "a b oldest"])
    }

    @Test(
        arguments: [
            (#"{"tags":[],"filter":{"isOpen":true,"weight":1}}"#, "'text' is missing"),
            (#"{"text":7,"tags":[],"filter":{"isOpen":true,"weight":1}}"#, "'text' is not what it should be"),
            (#"{"text":"","tags":[],"order":"x","filter":{"isOpen":true,"weight":1}}"#, "'order' is not"),
            (#""text""#, "'' is not what it should be"),
        ] as [(String, String)])
    func `arguments that do not fit are told to the model`(arguments: String, reason: String) async throws {
        let value = try JSONValue(parsing: arguments)
        let error = await #expect(throws: ToolError.self) { try await Search().call(value) }
        #expect(error?.description.contains(reason) == true)
    }
}

private struct Search: TypedTool {
    struct Arguments: Decodable {
        enum Order: String, Decodable, CaseIterable { case newest, oldest }
        struct Filter: Decodable {
            let isOpen: Bool
            let weight: Double
        }
        let text: String
        let limit: Int?
        let tags: [String]
        let order: Order?
        let filter: Filter
    }

    let name = "search"
    let summary = "Searches."
    let isSafeToRepeat = true
    let argumentDescriptions = ["text": "What to look for"]

    func run(_ arguments: Arguments) async throws -> [String: String] {
        ["found": ([arguments.text] + arguments.tags + [arguments.order?.rawValue ?? ""]).joined(separator: " ")]
    }
}
