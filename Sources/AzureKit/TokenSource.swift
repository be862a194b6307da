/// Gives tokens that prove to an Azure service who this process is.
public protocol TokenSource: Sendable {
    /// A token that is valid now.
    ///
    /// - Parameter scope: What it is for, for example `https://redis.azure.com/.default`.
    /// - Returns: A token. Ask again before each use: the source keeps it, and renews it in time.
    /// - Throws: An ``AzureIdentityError`` if there is none to be had, `CancellationError` if cancelled.
    func token(for scope: String) async throws -> AccessToken

    /// Tells the source that a service refused a token, so that it is not given again.
    func discard(_ token: AccessToken, for scope: String)
}
