public import StreamKit

extension TaskQueueOptions {
    /// For a worker that a learner stops with Ctrl-C: it hands back what is half done, and waits for nothing.
    ///
    /// The next worker goes on with it, so nothing is lost by not waiting.
    public static var lesson: TaskQueueOptions {
        var options = TaskQueueOptions()
        options.shutdownGrace = .milliseconds(250)
        return options
    }
}
