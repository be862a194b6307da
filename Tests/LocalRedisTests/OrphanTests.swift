import LocalRedis
import Foundation
import StreamKit
import TestSupport
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Each test runs its body in a process of its own, the parent of a server, and lets that process die.
///
/// That the parent's output is read to its end also shows that the server does not hold it open.
@Suite("A private redis-server whose parent dies")
struct OrphanTests {
    @Test func `is gone after the parent was killed with SIGKILL`() async throws {
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            try await startAndPrint()
            kill(getpid(), SIGKILL)
        }

        try await expectGone(announcedIn: result?.standardOutputContent)
    }

    @Test func `is gone after Ctrl-C, which reaches every process of the terminal's group`() async throws {
        let result = await #expect(processExitsWith: .signal(SIGINT), observing: [\.standardOutputContent]) {
            setpgid(0, 0)
            try await startAndPrint()
            kill(0, SIGINT)
            // Another thread may be the one to take it, some time after this.
            sleep(60)
        }

        try await expectGone(announcedIn: result?.standardOutputContent)
    }

    @Test func `is gone after the parent ended without stopping it`() async throws {
        let result = await #expect(processExitsWith: .exitCode(3), observing: [\.standardOutputContent]) {
            try await startAndPrint()
            exit(3)
        }

        try await expectGone(announcedIn: result?.standardOutputContent)
    }

    @Test func `is gone after its first process was killed, a second one started, and the parent died`() async throws {
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let server = try await LocalRedis.start(options: .init(durable: true))
            await server.kill()
            try await server.restart()
            announce(server)
            kill(getpid(), SIGKILL)
        }

        try await expectGone(announcedIn: result?.standardOutputContent)
    }
}

private func startAndPrint() async throws {
    announce(try await LocalRedis.start(options: .init(tcp: true)))
}

/// Leaks the server on purpose: what ends it must be the end of this process, not its last reference.
private func announce(_ server: LocalRedis) {
    _ = Unmanaged.passRetained(server)
    print("server", server.processID ?? 0, server.directory)
    fflush(nil)
}

private func expectGone(announcedIn output: [UInt8]?) async throws {
    let lines = String(decoding: try #require(output), as: UTF8.self).split(separator: "\n")
    let words = try #require(lines.first { $0.hasPrefix("server ") }).split(separator: " ").map(String.init)
    let id = try #require(Int32(words[1]))
    try await eventually("process \(id) and \(words[2]) are gone") {
        !isRunning(id) && !FileManager.default.fileExists(atPath: words[2])
    }
}
