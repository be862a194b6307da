/// Something an agent can do beside talking: look up, compute, change.
public protocol Tool: Sendable {
    /// What the model calls it, for example `get_weather_forecast`.
    var name: String { get }
    /// What it does, in words for the model.
    var summary: String { get }
    /// The arguments it takes, as a JSON Schema.
    var parameters: JSONValue { get }
    /// Whether doing it twice does no harm: looking up is safe, booking is not.
    ///
    /// A worker may die between doing it and writing down what came of it. A call that is safe to repeat is then done
    /// again; one that is not ends the run with an error that says so.
    var isSafeToRepeat: Bool { get }
    /// Whether a person has to approve each call before it is carried out; `false` unless the tool says otherwise.
    ///
    /// The run is paused meanwhile, and no process waits.
    var needsApproval: Bool { get }

    /// Does it.
    ///
    /// - Parameter arguments: A JSON object in the shape of ``parameters``, as far as the model kept to it.
    /// - Returns: What came of it, for the model to read.
    /// - Throws: ``ToolError`` for arguments it cannot use; the model is told and may try again.
    func call(_ arguments: JSONValue) async throws -> JSONValue
}

extension Tool {
    /// Nobody has to approve.
    public var needsApproval: Bool { false }
}

/// Why a tool could not do what the model asked for.
public struct ToolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what would be right, in words for the model.
    public let description: String

    /// An error with a reason.
    public init(_ description: String) {
        self.description = description
    }
}
