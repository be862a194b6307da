import Foundation
import InMemoryTracing
import Tracing

/// A span as one program prints it and another reads it.
struct PrintedSpan: Codable, Sendable {
    let name: String
    let trace: String
    let id: String
    let parent: String?
    let kind: String
    /// The spans it links to.
    let links: [String]
    /// Attributes, their values as text.
    let attributes: [String: String]
    let failed: Bool
}

extension PrintedSpan {
    init(_ span: FinishedInMemorySpan) {
        var values: [String: String] = [:]
        span.attributes.forEach { name, value in
            switch value {
            case .string(let text): values[name] = text
            case .int64(let number): values[name] = "\(number)"
            case .int32(let number): values[name] = "\(number)"
            default: values[name] = "\(value)"
            }
        }
        self.init(
            name: span.operationName, trace: span.traceID, id: span.spanID, parent: span.parentSpanID,
            kind: "\(span.kind)", links: span.links.compactMap { $0.context.inMemorySpanContext?.spanID },
            attributes: values, failed: span.status?.code == .error)
    }

    /// One line of JSON.
    var line: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}
