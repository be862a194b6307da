import Foundation

/// The ratios that have a bar, as horizontal bars in an SVG file.
enum Plot {
    private static let rowHeight = 26
    private static let left = 340
    private static let scale = 300.0

    static func svg(of rows: [Row]) -> String {
        let shown = rows.filter { $0.meetsBar != nil }
        let height = shown.count * rowHeight + 40
        let widest = shown.compactMap(\.ratio).max() ?? 1
        let width = left + Int(max(widest, 1.3) * scale) + 60
        let lines = shown.enumerated().map { number, row in line(row, top: 30 + number * rowHeight) }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
            font-family="sans-serif" font-size="12">
            <text x="8" y="18" font-weight="bold">StreamKit's figure divided by its limit's; the mark is the bar</text>
            \(lines.joined(separator: "\n"))
            </svg>

            """
    }

    private static func line(_ row: Row, top: Int) -> String {
        let ratio = row.ratio ?? 0
        let bar = left + Int((row.bar?.value ?? 0) * scale)
        let colour = row.meetsBar == true ? "#3a7d44" : "#c1440e"
        return """
            <text x="8" y="\(top + 14)">\(escaped(row.name))</text>
            <rect x="\(left)" y="\(top)" width="\(Int(ratio * scale))" height="18" fill="\(colour)"/>
            <rect x="\(bar - 1)" y="\(top - 3)" width="2" height="24" fill="black"/>
            <text x="\(left + Int(ratio * scale) + 6)" y="\(top + 14)">\(Report.ratio(ratio))</text>
            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }
}
