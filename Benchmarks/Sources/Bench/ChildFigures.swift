import Foundation

/// Figures that need a process of their own: memory at its highest, instructions counted by callgrind.
enum ChildFigures {
    /// In megabytes: 4 that may be in flight, as much that is being written, and the 64 callers' own batches of 0.1.
    private static let memoryBar = 16.0

    static func rows(filter: String?) async throws -> [Row] {
        var rows: [Row] = []
        let memory = "memory while 1,000,000 XADD wait for a slow server, growth"
        if filter.map(memory.contains) ?? true, let growth = await ownFigure(["memory"]) {
            rows.append(
                Row(
                    name: memory, value: growth, unit: "MB", against: "documented limit", limit: memoryBar,
                    bar: .atMost(1)))
        }
        let instructions = "instructions per XADD in batches of 256"
        if filter.map(instructions.contains) ?? true, let figure = await instructionsPerAppend() {
            rows.append(Row(name: instructions, value: figure, unit: "instructions"))
        }
        return rows
    }

    private static func ownFigure(_ words: [String]) async -> Double? {
        let output = await Program.output(of: [CommandLine.arguments[0]] + words)
        return output.flatMap { Double($0.filter { !$0.isNewline }) }
    }

    /// The difference of two runs, so that starting up does not count; `nil` without valgrind and strip.
    ///
    /// It counts a copy without debug information, because valgrind 3.19 cannot read the Swift compiler's.
    private static func instructionsPerAppend() async -> Double? {
        let program = FileManager.default.temporaryDirectory.path + "/streamkit-bench-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: program) }
        let (few, many) = (25_600, 76_800)
        guard await Program.output(of: ["strip", "-o", program, CommandLine.arguments[0]]) != nil,
            let less = await instructions(program, few), let more = await instructions(program, many)
        else { return nil }
        return Double(more - less) / Double(many - few)
    }

    private static func instructions(_ program: String, _ count: Int) async -> Int? {
        let profile = program + ".callgrind"
        defer { try? FileManager.default.removeItem(atPath: profile) }
        let words =
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=\(profile)", "--trace-children=no"]
            + [program, "append", "--count", String(count)]
        guard await Program.output(of: words) != nil,
            let text = try? String(contentsOfFile: profile, encoding: .utf8)
        else { return nil }
        let total = text.split(separator: "\n").last { $0.hasPrefix("totals: ") || $0.hasPrefix("summary: ") }
        return total?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}
