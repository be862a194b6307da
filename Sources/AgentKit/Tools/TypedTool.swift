import Foundation

/// A tool whose arguments and result are Swift types; the schema for the model is derived from the arguments.
///
/// Texts, numbers, truth values, lists, enumerations with `CaseIterable` and structures of these need nothing more. For
/// other types, declare ``Tool/parameters`` yourself.
public protocol TypedTool: Tool {
    /// What the model passes.
    associatedtype Arguments: Decodable & Sendable
    /// What it reads.
    associatedtype Output: Encodable & Sendable

    /// What each argument means, in words for the model.
    var argumentDescriptions: [String: String] { get }

    /// Does it.
    ///
    /// - Throws: ``ToolError`` for arguments it cannot use; the model is told and may try again.
    func run(_ arguments: Arguments) async throws -> Output
}

extension TypedTool {
    /// Nothing beyond the names.
    public var argumentDescriptions: [String: String] { [:] }

    /// The schema of ``Arguments``; any object, if it cannot be derived.
    public var parameters: JSONValue {
        (try? JSONSchema.derived(from: Arguments.self, descriptions: argumentDescriptions)) ?? ["type": "object"]
    }

    /// Decodes the arguments, does it, and encodes the result.
    ///
    /// - Throws: ``ToolError`` for arguments of another shape, what the tool itself throws, or an `EncodingError`.
    public func call(_ arguments: JSONValue) async throws -> JSONValue {
        let decoded: Arguments
        do {
            decoded = try JSONDecoder().decode(Arguments.self, from: Data(arguments.text.utf8))
        } catch let error as DecodingError {
            throw ToolError("The arguments of '\(name)' do not fit: \(Self.reason(error)). Its schema says what does.")
        }
        return try JSONValue(encoding: try await run(decoded))
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' is not what it should be"
        @unknown default: "they cannot be read"
        }
    }
}
