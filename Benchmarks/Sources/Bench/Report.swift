import Foundation

/// What the benchmark prints and writes.
enum Report {
    /// Shows what is being measured, on a terminal; `nil` clears it.
    static func progress(_ text: String?) {
        guard isatty(STDERR_FILENO) != 0 else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text ?? "")".utf8))
    }

    static func table(of rows: [Row]) -> String {
        let header = ["what", "StreamKit", "unit", "against", "that", "ratio", "bar", ""]
        let lines = [header] + rows.map(cells)
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            zip(cells, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return [1, 4, 5].contains(column) ? space + cell.0 : cell.0 + space
            }.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
    }

    private static func cells(_ row: Row) -> [String] {
        [
            row.name, number(row.value), row.unit, row.against ?? "", row.limit.map(number) ?? "",
            row.ratio.map(ratio) ?? "", row.bar.map(bar) ?? "", row.meetsBar.map { $0 ? "met" : "MISSED" } ?? "",
        ]
    }

    private static func bar(_ bar: Bar) -> String {
        switch bar {
        case .atLeast(let value): "≥ \(ratio(value))"
        case .atMost(let value): "≤ \(ratio(value))"
        }
    }

    static func ratio(_ value: Double) -> String {
        String(format: "%.2f", value)
    }

    /// A number with three significant digits and separated thousands.
    private static func number(_ value: Double) -> String {
        guard value >= 100 else { return String(format: value < 10 ? "%.2f" : "%.1f", value) }
        let step = pow(10, floor(log10(value)) - 2)
        var digits = Array(String(Int((value / step).rounded() * step)))
        for position in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: position) }
        return String(digits)
    }

    static func json(of rows: [Row]) throws -> String {
        struct Line: Encodable {
            let name: String
            let value: Double
            let unit: String
            let against: String?
            let ratio: Double?
            let bar: Double?
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let lines = rows.map {
            Line(
                name: $0.name, value: $0.value, unit: $0.unit, against: $0.against, ratio: $0.ratio,
                bar: $0.bar?.value)
        }
        return String(decoding: try encoder.encode(lines), as: UTF8.self) + "\n"
    }
}
