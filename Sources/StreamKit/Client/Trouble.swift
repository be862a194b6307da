/// How long a reader has been failing, and whether it is to try again.
struct Trouble {
    /// How often in a row.
    private(set) var failures = 0
    private var began: ContinuousClock.Instant?

    /// Returns when it is time to try again.
    ///
    /// A server that is loading its data is on its way, so that waiting for it uses up no patience.
    ///
    /// - Throws: the error itself if trying again does not help or patience is at its end.
    mutating func pause(after error: StreamKitError, _ patience: Duration) async throws {
        let isLoading = error.serverPrefix == "LOADING"
        let start = isLoading ? .now : began ?? .now
        began = start
        guard error.mayPass, start.duration(to: .now) < patience else { throw error }
        failures += 1
        if failures > 1 || isLoading {
            try await Task.sleep(for: .nanoseconds(Connection.backoff(attempt: failures)))
        }
    }

    /// Repeats something that is safe to repeat, until it succeeds, fails for good or patience is at its end.
    @discardableResult
    static func waitOut<R>(_ patience: Duration, _ body: (_ failures: Int) async throws -> R) async throws -> R {
        var trouble = Trouble()
        while true {
            do {
                return try await body(trouble.failures)
            } catch let error as StreamKitError {
                try await trouble.pause(after: error, patience)
            }
        }
    }
}

extension StreamKitError {
    /// Whether the connection or the server's state failed, rather than the command.
    package var mayPass: Bool {
        switch self {
        case .connectionLost, .cannotConnect, .timedOut: true
        case .server(let error): error.isTemporary || error.isFromDemotedPrimary
        case .invalidInput, .unexpectedReply, .closed: false
        }
    }
}
