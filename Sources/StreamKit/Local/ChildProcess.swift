// For signal sets, which the module that imports a C header first gets to define.
import CHiredis
import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A child process, from its start until it is reaped.
///
/// Foundation's `Process` passes the parent's open files on; a server that holds somebody's pipe or
/// socket keeps it from ever ending. `posix_spawn` passes on what it is told to, and nothing else.
struct ChildProcess: Sendable {
    let id: pid_t

    /// Starts a program in a session of its own, so that Ctrl-C in the terminal does not reach it.
    ///
    /// - Parameters:
    ///   - words: the program's path, then its arguments.
    ///   - input: the descriptor it reads from; nil for nothing to read.
    ///   - third: the descriptor it gets as number 3, if any.
    ///   - output: the file its output and its errors go to, emptied first.
    /// - Throws: ``StreamKitError/cannotConnect(_:)`` if the system refuses.
    init(_ words: [String], input: Int32? = nil, third: Int32? = nil, output: String) throws {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }

        // Number 3 first: the descriptor behind it could be one of 0, 1 and 2.
        if let third { posix_spawn_file_actions_adddup2(&actions, third, 3) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        // What the parent ignores (often SIGINT or SIGPIPE), its children would ignore too.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Self.newSession
        #if canImport(Darwin)
        flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
        for descriptor in Self.openDescriptors where descriptor > (third == nil ? 2 : 3) {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
        let variables = environment.map { "\($0)=\($1)" }
        var child: pid_t = 0
        let problem = withCStrings(words) { arguments in
            withCStrings(variables) { posix_spawn(&child, words[0], &actions, &attributes, arguments, $0) }
        }
        guard problem == 0 else {
            throw StreamKitError.cannotConnect("Cannot run \(words[0]): \(String(cString: strerror(problem))).")
        }
        id = child
    }

    #if canImport(Darwin)
    private static let newSession = POSIX_SPAWN_SETSID
    #else
    // Swift does not see the macro, which glibc defines only with _GNU_SOURCE; musl has the same value.
    private static let newSession: Int32 = 0x80

    /// What a child would inherit unless told to close it; closing one that is no longer open is no error.
    private static var openDescriptors: [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }
    }
    #endif

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
private func withCStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    let pointers = strings.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    var terminated = pointers + [nil]
    return terminated.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with its null is never empty") }
        return body(base)
    }
}
