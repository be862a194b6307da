import Foundation
import StreamKit

/// A child process, from its start until it is reaped.
///
/// Foundation's `Process` passes the parent's open files on, and a server that holds somebody's pipe or
/// socket keeps it from ever closing. `posix_spawn` passes on what ``Inheritance`` says, and nothing else.
struct ChildProcess: Sendable {
    let id: pid_t

    /// Starts a program in a session of its own, so that Ctrl-C in the terminal does not reach it.
    ///
    /// - Parameters:
    ///   - words: the program's path, then its arguments.
    ///   - input: the descriptor it reads from; nil for nothing to read.
    ///   - third: the descriptor it gets as number 3, if any.
    ///   - output: the file that its output and its errors go to, emptied first.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` if a word contains a zero byte, which no program can be given;
    ///   ``StreamKitError/cannotConnect(_:)`` if the system refuses.
    init(_ words: [String], input: Int32? = nil, third: Int32? = nil, output: String) throws {
        let environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
        let inheritance = Inheritance(input: input, third: third, output: output)
        var child: pid_t = 0
        let problem = try withCStrings(words) { arguments in
            try withCStrings(environment.map { "\($0)=\($1)" }) { variables in
                posix_spawn(&child, words[0], &inheritance.files, &inheritance.attributes, arguments, variables)
            }
        }
        guard problem == 0 else {
            throw StreamKitError.cannotConnect("Cannot run \(words[0]): \(String(cString: strerror(problem))).")
        }
        id = child
    }

    func send(_ signal: Int32) {
        kill(id, signal)
    }

    /// Reaps the child if it has ended; from then on its ID may belong to another process.
    func hasEnded() -> Bool {
        waitpid(id, nil, WNOHANG) != 0
    }

    /// Blocks until the child has ended or the time is up, and reaps it; true if it has ended.
    func waits(atMost limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        while !hasEnded() {
            if ContinuousClock.now >= deadline { return false }
            usleep(1_000)
        }
        return true
    }

    /// Blocks until the child has ended, and reaps it.
    func reap() {
        while waitpid(id, nil, 0) == -1 && errno == EINTR {}
    }
}

/// Lends an array of strings to a C function, as `argv` is: pointers, the last of them null.
///
/// A C string ends at its first zero byte, so a string that contains one is refused.
private func withCStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws -> R
) throws -> R {
    // The message leaves the string out: it may hold a password.
    guard !strings.contains(where: { $0.utf8.contains(0) }) else {
        throw StreamKitError.invalidInput("An argument contains a zero byte, at which the system would cut it.")
    }
    let pointers = strings.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    var terminated = pointers + [nil]
    return try terminated.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with its null is never empty") }
        return try body(base)
    }
}
