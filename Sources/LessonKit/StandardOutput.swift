import Foundation
import Synchronization

/// Standard output as lessons use it: unbuffered, and the program ends when it cannot be written.
///
/// A full disk, a closed descriptor or a pipe whose reader has left make all further work pointless. The
/// program's task is then cancelled as by Ctrl-C, so that it cleans up. It ends with 141 if the reader left,
/// as after SIGPIPE, and otherwise with a message and 1.
public enum StandardOutput {
    /// Writes a text as it is, escape sequences included; text of others has to pass ``printable(_:)`` before.
    public static func write(_ text: String) {
        let problem = writeFully(text, to: STDOUT_FILENO)
        if problem != 0 { ProgramEnd.begin(.outputLost(problem)) }
    }

    /// Writes a line; control characters in it are escaped, so that no text of others can steer the terminal.
    public static func print(_ line: String) {
        write(printable(line) + "\n")
    }
}

/// The descriptors 0, 1 and 2, made safe before anything else runs.
enum StandardStreams {
    /// Takes the place of closed streams, ignores SIGPIPE, and notices when the reader of standard output leaves.
    static func prepare() {
        // The next file or socket opened would get the free number, and what is printed would go there.
        // Input and errors find nothing; writing to output fails, as it should.
        for (descriptor, mode) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) == -1 {
            let new = open("/dev/null", mode)
            if new >= 0 && new != descriptor {
                dup2(new, descriptor)
                close(new)
            }
        }
        signal(SIGPIPE, SIG_IGN)
        endWhenReaderLeaves()
    }

    /// Whether a standard stream is what the caller gave us.
    ///
    /// Of one that was closed, the runtime may have taken the number before this program's first line ran, for its
    /// timers and wake-ups. Those have no file type; to read or write them would disturb the runtime.
    static func isOpen(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT != 0
    }

    /// Writing would tell as well, but a program may wait for long before it writes again.
    private static func endWhenReaderLeaves() {
        var status = stat()
        guard fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return }
        Thread.detachNewThread {
            var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
            while poll(&output, 1, -1) < 0 && errno == EINTR {}
            if output.revents & Int16(POLLERR) != 0 { ProgramEnd.begin(.outputLost(EPIPE)) }
        }
    }
}

/// Writes past the buffer of `print`, so that output appears when it happens, in a pipe too.
///
/// - Returns: 0, or the error that kept a part of it from being written.
@discardableResult
func writeFully(_ text: String, to descriptor: Int32) -> Int32 {
    guard StandardStreams.isOpen(descriptor) else { return EBADF }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
            bytes = bytes.dropFirst(count)
            continue
        }
        switch errno {
        case EINTR: continue
        // Somebody who shares the descriptor has made it non-blocking.
        case EAGAIN: waitUntilWritable(descriptor)
        default: return errno
        }
    }
    return 0
}

private func waitUntilWritable(_ descriptor: Int32) {
    var output = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    _ = poll(&output, 1, 1_000)
}
