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
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let argument = Unmanaged.passRetained(
            Body {
                Thread.current.name = name
                body()
            })
        guard create(&attributes, argument.toOpaque()) == 0 else {
            argument.release()
            return false
        }
        return true
    }

    #if os(Linux)
    private static func create(_ attributes: inout pthread_attr_t, _ argument: UnsafeMutableRawPointer) -> Int32 {
        var thread = pthread_t()
        return pthread_create(
            &thread, &attributes,
            { argument in
                argument.map { Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            }, argument)
    }
    #else
    private static func create(_ attributes: inout pthread_attr_t, _ argument: UnsafeMutableRawPointer) -> Int32 {
        var thread: pthread_t?
        return pthread_create(
            &thread, &attributes,
            { argument in
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument)
    }
    #endif
}
