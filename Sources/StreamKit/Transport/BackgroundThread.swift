import CHiredis
import Foundation

/// A system thread, for calls that block.
///
/// Foundation's `Thread` does not report when it could not be started, and then nobody would do the work.
enum BackgroundThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that ends with `body`; false if the system has none left.
    static func start(_ name: String, stackBytes: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
        let argument = Unmanaged.passRetained(
            Body {
                Thread.current.name = name
                body()
            })
        let problem = streamkit_start_thread(
            stackBytes,
            { argument in
                argument.map { Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            }, argument.toOpaque())
        if problem != 0 { argument.release() }
        return problem == 0
    }
}
