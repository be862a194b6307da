/// Settings of a model that are missing or make no sense.
public struct ModelSettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what to set.
    public let description: String

    /// An error with a reason.
    public init(_ description: String) {
        self.description = description
    }
}
