public import ServiceLifecycle

extension Redis: Service {
    /// Waits until the service group shuts down or the task is cancelled, and closes every connection then.
    ///
    /// Put it first in a `ServiceGroup`: services are shut down in reverse order, so those that use it end
    /// before it does. It needs no running service to be used; commands connect by themselves.
    public func run() async throws {
        defer { close() }
        // Ends with the shutdown as with a cancellation; neither is a failure of this service.
        try? await gracefulShutdown()
    }
}
