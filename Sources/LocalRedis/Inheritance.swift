// For signal sets, which the module that imports a C header first gets to define.
import CHiredis
import Foundation
import StreamKit

/// What a child process gets from its parent: three or four files, and nothing else.
final class Inheritance {
    #if canImport(Darwin)
    var files: posix_spawn_file_actions_t?
    var attributes: posix_spawnattr_t?
    #else
    var files = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    #endif

    init(input: Int32?, third: Int32?, output: String) {
        posix_spawn_file_actions_init(&files)
        posix_spawnattr_init(&attributes)
        give(input: input, third: third, output: output)
        resetSignals()
        let keepNothingElse = withholdOtherFiles(above: third == nil ? 2 : 3)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Self.newSession | keepNothingElse
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    deinit {
        posix_spawn_file_actions_destroy(&files)
        posix_spawnattr_destroy(&attributes)
    }

    private func give(input: Int32?, third: Int32?, output: String) {
        // Number 3 first: the descriptor behind it could be one of 0, 1 and 2.
        if let third { posix_spawn_file_actions_adddup2(&files, third, 3) }
        if let input {
            posix_spawn_file_actions_adddup2(&files, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&files, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&files, 1, 2)
    }

    private func resetSignals() {
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        // Signals that the parent ignores (often SIGINT or SIGPIPE) would be ignored by its children, too.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
    }

    #if canImport(Darwin)
    private static let newSession = POSIX_SPAWN_SETSID

    /// The flag that makes the system do so by itself.
    private func withholdOtherFiles(above last: Int32) -> Int32 { POSIX_SPAWN_CLOEXEC_DEFAULT }
    #else
    // Swift does not see the macro, which glibc defines only with _GNU_SOURCE; musl has the same value.
    private static let newSession: Int32 = 0x80

    /// Closes in the child what it would inherit; a descriptor that is no longer open then is not an error.
    private func withholdOtherFiles(above last: Int32) -> Int32 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > last {
            posix_spawn_file_actions_addclose(&files, descriptor)
        }
        return 0
    }
    #endif
}
