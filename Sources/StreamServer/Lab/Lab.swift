/// What an instructor may look at and break while a server runs: the panel of a demo.
///
/// Set ``StreamServerConfiguration/lab`` only in a process whose Redis and workers are its own. The routes
/// (`/api/lab`) exist only then.
public protocol Lab: Sendable {
    /// What there is to see now.
    ///
    /// - Parameter command: Commands up to this number are known already.
    /// - Returns: What the panel shows.
    /// - Throws: What kept the lab from looking.
    func report(commandsAfter command: Int) async throws -> LabReport

    /// Breaks something, or repairs it.
    ///
    /// - Throws: ``LabError`` if there is nothing that this could be done to.
    func perform(_ action: LabAction) async throws
}

/// What the instructor's panel can do.
public enum LabAction: Hashable, Sendable {
    /// Starts one more worker.
    case startWorker
    /// Kills a worker (SIGKILL): it cleans nothing up.
    case killWorker(Int32)
    /// Stops a worker in the middle of whatever it does (SIGSTOP), so that its lease expires while it still exists.
    case pauseWorker(Int32)
    /// Lets a paused worker go on (SIGCONT).
    case resumeWorker(Int32)
    /// Kills Redis and starts it again with what it has on disk.
    case restartRedis
}

/// Why the lab could not do as it was asked.
public struct LabError: Error, CustomStringConvertible {
    /// What is wrong, in a sentence for people.
    public let description: String

    /// Creates an error that says `description`.
    public init(_ description: String) { self.description = description }
}
