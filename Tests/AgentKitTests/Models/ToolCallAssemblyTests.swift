import Testing

@testable import AgentKit

@Suite("Tool calls from pieces")
struct ToolCallAssemblyTests {
    typealias Piece = (index: Int?, id: String?, name: String?, arguments: String?)

    @Test func `pieces of parallel calls that arrive mixed are sorted by index`() {
        let calls = calls(
            (1, "b", "events", nil), (0, "a", "weather", ""), (1, nil, nil, #"{"city":"#), (0, nil, nil, #"{"ci"#),
            (1, nil, nil, #""Oslo"}"#), (0, nil, nil, #"ty":"Rome"}"#))
        #expect(
            calls == [
                ToolCall(id: "a", name: "weather", arguments: ["city": "Rome"]),
                ToolCall(id: "b", name: "events", arguments: ["city": "Oslo"]),
            ])
    }

    @Test func `an ID that comes late is the ID of its call`() {
        let calls = calls((0, nil, "weather", "{"), (0, "late", nil, "}"))
        #expect(calls == [ToolCall(id: "late", name: "weather", arguments: [:])])
    }

    @Test func `ID and name may be repeated in each piece`() {
        let calls = calls((0, "a", "weather", "{"), (0, "a", "weather", "}"))
        #expect(calls == [ToolCall(id: "a", name: "weather", arguments: [:])])
    }

    @Test func `a missing ID, or one that is taken, is replaced by one that nobody has`() {
        let calls = calls((0, nil, "a", "{}"), (1, "", "b", "{}"), (2, "same", "c", "{}"), (3, "same", "d", "{}"))
        #expect(calls.map(\.name) == ["a", "b", "c", "d"])
        #expect(Set(calls.map(\.id)).count == 4 && !calls.contains { $0.id.isEmpty })
        #expect(calls[2].id == "same")
    }

    @Test func `calls that all have index 0, or none, are told apart by their IDs`() {
        for index in [0, nil] as [Int?] {
            let calls = calls((index, "a", "weather", #"{"n":1}"#), (index, "b", "weather", #"{"n":2}"#))
            #expect(calls.map(\.id) == ["a", "b"])
            #expect(calls.map { $0.arguments["n"]?.integer } == [1, 2])
        }
    }

    @Test func `pieces without index and ID belong to the last call`() {
        let calls = calls((nil, "a", "weather", "{"), (nil, nil, nil, "}"), (nil, nil, "events", "{}"))
        #expect(calls.map(\.name) == ["weather", "events"])
        #expect(calls.allSatisfy { $0.arguments == [:] })
    }

    @Test func `a name in pieces is put together`() {
        #expect(calls((0, "a", "get_", nil), (0, nil, "weather", "{}")).map(\.name) == ["get_weather"])
    }

    @Test(arguments: [#"{"city": "Ro"#, "Rome", "{'city': 'Rome'}"])
    func `arguments that are not JSON reach the tool as a text`(arguments: String) {
        #expect(calls((0, "a", "weather", arguments)).first?.arguments == .string(arguments))
    }

    @Test(arguments: ["", " ", "\n"])
    func `no arguments are an empty object`(arguments: String) {
        #expect(calls((0, "a", "now", arguments)).first?.arguments == [:])
    }

    private func calls(_ pieces: Piece...) -> [ToolCall] {
        var assembly = ToolCallAssembly()
        for piece in pieces {
            assembly.add(index: piece.index, id: piece.id, name: piece.name, arguments: piece.arguments)
        }
        return assembly.calls(idPrefix: "call_1")
    }
}
