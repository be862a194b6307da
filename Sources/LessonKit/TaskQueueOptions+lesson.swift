public import StreamKit

extension TaskQueueOptions {
    /// For a worker that a learner stops with Ctrl-C: it hands back what is half done, and waits for nothing.
    ///
    /// The next worker goes on with it, so nothing is lost by not waiting.
    /// - Parameter lease: how long a task stays with a worker that was killed.
    /// - Returns: options that are otherwise the usual ones.
    public static func lesson(lease: Duration = .seconds(15)) -> TaskQueueOptions {
        var options = TaskQueueOptions()
        options.lease = lease
        options.shutdownGrace = .milliseconds(250)
        return options
    }
}
