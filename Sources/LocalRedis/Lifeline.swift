import Foundation
import StreamKit

/// What ends a private server when this process ends, however it ends.
///
/// A shell waits at one end of a socket whose other end this process holds. The kernel closes that end
/// with the process, after Ctrl-C as after `kill -9`; the shell reads end-of-file, kills the server and
/// removes its directory. Nothing has to run in the dying process.
struct Lifeline: Sendable {
    private let descriptor: Int32
    private let watchdog: ChildProcess

    /// The last number the watchdog reads is the process it kills at the end; 0 stands for none.
    ///
    /// A killed server may still write for a moment, and the removal then finds the directory not empty.
    private static let watch = """
        trap '' HUP INT QUIT TERM
        server=0
        while read -r line; do server=$line; done
        if [ "$server" -gt 1 ]; then kill -9 "$server"; fi
        for try in 1 2 3 4 5; do rm -rf -- "$1" && exit; sleep 1; done
        """

    init(directory: String) throws {
        var ends: [Int32] = [-1, -1]
        #if canImport(Darwin)
        let made = socketpair(AF_UNIX, SOCK_STREAM, 0, &ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var yes: Int32 = 1
        setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        #else
        // In one call, so that a process which another thread forks meanwhile cannot inherit the end.
        let type = LocalSocket.stream | Int32(SOCK_CLOEXEC.rawValue)
        let made = socketpair(AF_UNIX, type, 0, &ends)
        #endif
        guard made == 0 else {
            throw StreamKitError.cannotConnect("No socket for the watchdog: \(String(cString: strerror(errno))).")
        }
        defer { close(ends[1]) }
        descriptor = ends[0]
        do {
            let words = ["/bin/sh", "-c", Self.watch, "streamkit-watchdog", directory]
            watchdog = try ChildProcess(words, input: ends[1], output: "/dev/null")
        } catch {
            close(ends[0])
            throw error
        }
    }

    /// Starts a server that the watchdog knows about before it runs.
    ///
    /// The child inherits our end, writes its own number to it and lets go of it as it becomes the server.
    /// So there is no moment in which this process could die and leave a server that nobody knows.
    func start(_ words: [String], output: String) throws -> ChildProcess {
        let register = #"echo $$ >&3; exec "$@" 3>&-"#
        return try ChildProcess(
            ["/bin/sh", "-c", register, "streamkit-server"] + words, third: descriptor, output: output)
    }

    /// Tells the watchdog that the server has ended, since its number may now be another process's.
    func serverHasEnded() {
        #if canImport(Darwin)
        let quietly: Int32 = 0
        #else
        let quietly = Int32(MSG_NOSIGNAL)
        #endif
        _ = send(descriptor, "0\n", 2, quietly)
    }

    /// Lets go and blocks until the watchdog has cleaned up.
    func end() {
        close(descriptor)
        watchdog.reap()
    }
}
