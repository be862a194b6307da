/// Reads what Azure's content filter says about a prompt or an answer.
///
/// Source: <https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-annotations>
enum ContentFilter {
    /// The categories that were filtered or detected.
    ///
    /// - Parameter results: An object of categories, or a list of objects that hold one in `content_filter_results`.
    /// - Returns: Words such as `violence (medium)` and `jailbreak`.
    static func findings(in results: JSONValue?) -> [String] {
        switch results {
        case .array(let parts): parts.flatMap { findings(in: $0["content_filter_results"]) }
        case .object(let categories):
            categories.sorted { $0.key < $1.key }.compactMap { name, result in
                guard result["filtered"] == .bool(true) || result["detected"] == .bool(true) else { return nil }
                let words = name.split(separator: "_").joined(separator: " ")
                return result["severity"]?.string.map { "\(words) (\($0))" } ?? words
            }
        default: []
        }
    }

    /// What to tell of a check.
    static func notice(_ subject: ModelNotice.Subject, results: JSONValue) -> ModelNotice {
        let what = subject == .promptFilter ? "prompt" : "answer"
        let findings = findings(in: results)
        let message =
            findings.isEmpty
            ? "The service checked the \(what) for harmful content and found none."
            : "The service's content filter marked the \(what): \(findings.joined(separator: ", "))."
        return ModelNotice(subject, isFinding: !findings.isEmpty, message: message, details: results)
    }

    static let answerCut = ModelNotice(
        .answerFilter, isFinding: true, message: "The answer stops here: the service's content filter cut it short.")

    /// What to tell of a prompt that was refused.
    static func promptRefused(_ results: JSONValue?) -> ModelNotice {
        let findings = findings(in: results)
        let reason = findings.isEmpty ? "" : " (\(findings.joined(separator: ", ")))"
        return ModelNotice(
            .promptFilter, isFinding: true,
            message: "The service's content filter refused the prompt\(reason). Please put it in other words.",
            details: results)
    }
}
