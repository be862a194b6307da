public import AgentRuns
public import ServiceLifecycle

/// A worker of the queue of runs that lets the agents answer which the requests name.
///
/// It is a `Service`: a `ServiceGroup` runs it beside others and shuts it down on a signal.
public struct AgentWorker: Service {
    private let worker: RunWorker
    private let name: String

    /// A worker with the agents it knows.
    ///
    /// - Parameters:
    ///   - runs: The service that it takes requests from.
    ///   - agents: Who can answer; requests name them.
    ///   - name: The worker's name, for people.
    ///   - concurrency: How many requests at once. Agents mostly wait for their model, so many fit.
    public init(runs: AgentRuns, agents: [any Agent], name: String = "worker", concurrency: Int = 16) {
        self.name = name
        let agents = Dictionary(agents.map { ($0.name, $0) }) { _, later in later }
        worker = runs.worker(as: name, concurrency: concurrency) { writer in
            guard let agent = agents[writer.request.agent] else {
                throw RunFailure("There is no agent '\(writer.request.agent)' here.")
            }
            do {
                try await agent.answer(through: writer)
            } catch let error as ModelError where !error.mayPass {
                throw RunFailure(error.userMessage, reason: error.description)
            }
        }
    }

    /// Works on requests until the Swift task is cancelled or the service group shuts down gracefully.
    ///
    /// - Throws: A ``StreamKit/StreamKitError`` that waiting does not fix, such as a Redis that cannot be reached at
    ///   the start.
    public func run() async throws {
        try await worker.run()
    }
}

extension AgentWorker: CustomStringConvertible {
    /// Its name, for the log of a `ServiceGroup`.
    public var description: String { "AgentWorker \(name)" }
}
