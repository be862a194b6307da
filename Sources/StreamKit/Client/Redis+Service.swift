public import ServiceLifecycle

extension Redis: Service {
    /// Waits until the service group shuts down or the task is cancelled, then closes every connection.
    ///
    /// Put it first in a `ServiceGroup`: services are shut down in reverse order, so those that use it end
    /// before it does. The client works without a running service, too: commands connect by themselves.
    public func run() async throws {
        defer { close() }
        // Both a shutdown and a cancellation end it, and neither is a failure of this service.
        try? await gracefulShutdown()
    }
}
