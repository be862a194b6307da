/// Makes two runs of a lesson comparable: what differs from run to run is replaced by a placeholder.
///
/// Stream IDs are numbered in the order they appear, so a text that repeats the wrong ID still differs.
struct OutputNormalizer {
    private var streamIDs: [String: Int] = [:]

    /// The lines with everything that differs between runs replaced.
    static func normalize(_ lines: [String]) -> [String] {
        var normalizer = OutputNormalizer()
        return lines.map { normalizer.normalize($0) }
    }

    private mutating func normalize(_ line: String) -> String {
        var line = line
        for match in line.matches(of: /\b\d{13}-\d+\b/) {
            let id = String(match.output)
            streamIDs[id] = streamIDs[id] ?? streamIDs.count + 1
        }
        line.replace(/\b\d{13}-\d+\b/) { "<id \(streamIDs[String($0.output)] ?? 0)>" }
        line.replace(/\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b/, with: "<uuid>")
        line.replace(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?/, with: "<time>")
        line.replace(/\b\d\d:\d\d:\d\d([.,]\d+)?\b/, with: "<time>")
        line.replace(/\b\d{13}\b/, with: "<timestamp>")
        line.replace(/\b\d{10}\.\d{6}\b/, with: "<timestamp>")
        line.replace(/\b(127\.0\.0\.1|localhost):\d+\b/) { "\($0.output.1):<port>" }
        line.replace(/\b(process|pid) \d+\b/) { "\($0.output.1) <process>" }
        line.replace(/\bRedis v?\d+\.\d+\.\d+\b/, with: "Redis <version>")
        line.replace(/(\/private)?(\/var\/folders|\/tmp)\/[^\s"'),;?]+/, with: "<path>")
        line.replace(/\b\d+(\.\d+)? ?(ns|µs|μs|us|ms|s|seconds?|milliseconds?|minutes?)\b/, with: "<duration>")
        return collapsingSpaces(line)
    }

    /// Turns every run of spaces after the indentation into one, because column widths follow the values.
    private func collapsingSpaces(_ line: String) -> String {
        let indentation = line.prefix { $0 == " " }
        let words = line.split { $0 == " " || $0 == "\r" }
        return words.isEmpty ? "" : indentation + words.joined(separator: " ")
    }
}
