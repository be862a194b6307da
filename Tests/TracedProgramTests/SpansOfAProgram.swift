import Foundation
import TestSupport
import Testing

@testable import TracedProgram

extension Program {
    /// The spans that it has printed so far.
    var spans: [PrintedSpan] {
        said.split(separator: "\n").compactMap { try? JSONDecoder().decode(PrintedSpan.self, from: Data($0.utf8)) }
    }

    /// Waits for a span.
    func span(where isWanted: (PrintedSpan) -> Bool) async throws -> PrintedSpan {
        var found: PrintedSpan?
        try await eventually("a span among \(spans.map(\.name))") {
            found = spans.first(where: isWanted)
            return found != nil
        }
        return try #require(found)
    }

    /// Waits for a span with this name.
    func span(_ name: String) async throws -> PrintedSpan { try await span { $0.name == name } }
}
