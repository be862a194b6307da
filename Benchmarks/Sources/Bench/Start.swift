import ArgumentParser
import Dispatch

/// Where the program begins.
///
/// An asynchronous `main` would leave the first thread to Dispatch, which parks it in a way that valgrind 3.19
/// breaks down over: `sigsuspend` with a mask in read-only memory. Here that thread just waits.
@main
enum Start {
    static func main() {
        let done = DispatchSemaphore(value: 0)
        // Unstructured: there is no task yet.
        Task.detached {
            await Bench.main()
            done.signal()
        }
        done.wait()
    }
}
