import Dispatch
import Foundation
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A private redis-server for a lesson or a test, in a directory of its own.
///
/// It listens on a unix socket that only this user may open, and on a free port of 127.0.0.1 if asked.
/// Server and directory are gone after ``stop()``, and also when this process ends in any other way,
/// Ctrl-C, a crash and `kill -9` included. ``kill()`` and ``restart()`` let a test see what a crash of
/// the server does.
public final class LocalRedis: Sendable {
    /// How to reach the server: by its port if it has one, else by its unix socket.
    public let configuration: RedisConfiguration
    /// The port it listens on, if it was asked to.
    public let port: Int?
    /// The directory that holds its socket, its data and its log, open to this user only.
    public let directory: String
    /// The path of its unix socket.
    public let socket: String

    /// The process it runs in, for as long as it runs.
    public var processID: Int32? { state.withLock { $0.server?.id } }

    private struct State {
        var server: ChildProcess?
        var lifeline: Lifeline?
        var isAbandoned = false
    }

    private let command: [String]
    private let state: Mutex<State>
    /// Starting, killing and stopping wait for other processes: one after the other, off Swift's own threads.
    private let queue = DispatchQueue(label: "StreamKit.LocalRedis")

    /// Starts a server and returns when it answers.
    ///
    /// - Parameter options: durable or not, unix socket or also TCP; see ``Options``.
    /// - Returns: the running server; call ``stop()`` when done, or use ``withLocalRedis(options:_:)``.
    /// - Throws: ``StreamKitError/cannotConnect(_:)`` if there is no redis-server, with what to install,
    ///   or if it does not come up, with the end of its log.
    public static func start(options: Options = Options()) async throws -> LocalRedis {
        var attempt = 1
        while true {
            let redis = try LocalRedis(options)
            do {
                try await redis.launch(acceptsLoading: false)
                return redis
            } catch {
                let portWasTaken = options.tcp && redis.log().contains("Address already in use")
                await redis.stop()
                attempt += 1
                guard portWasTaken, attempt <= 5 else { throw error }
            }
        }
    }

    private init(_ options: Options) throws {
        let binary = try ServerBinary.find(asked: options.binary)
        let port = options.tcp ? LocalSocket.freePort() : nil
        directory = try makePrivateDirectory()
        socket = directory + "/" + socketName
        self.port = port
        command = [binary] + options.arguments(directory: directory, socket: socket, port: port)
        configuration =
            port.map { RedisConfiguration(host: "127.0.0.1", port: $0) } ?? RedisConfiguration(unixSocket: socket)
        state = Mutex(State(lifeline: try Lifeline(directory: directory)))
    }

    deinit {
        let (server, lifeline) = state.withLock { ($0.server, $0.lifeline) }
        guard let lifeline else { return }
        DispatchQueue.global().async {
            lifeline.end()
            server?.reap()
        }
    }

    /// Ends the server at once, as a crash would (SIGKILL); data and address stay for ``restart()``.
    public func kill() async {
        await perform { self.end(patience: .zero) }
    }

    /// Starts the server again with the same data, at the same address; a running one is stopped first.
    ///
    /// What it still has depends on ``Options/durable``.
    ///
    /// - Parameter acceptsLoading: whether a server that is still loading its data counts as started.
    /// - Throws: ``StreamKitError/cannotConnect(_:)`` if it does not come up, with the end of its log.
    public func restart(acceptsLoading: Bool = false) async throws {
        await perform { self.end(patience: .seconds(2)) }
        try await launch(acceptsLoading: acceptsLoading)
    }

    /// Ends the server, asking first (SIGTERM) and then not (SIGKILL), and removes its directory.
    public func stop() async {
        await perform {
            self.end(patience: .seconds(2))
            guard let lifeline = self.state.withLock({ $0.lifeline.take() }) else { return }
            lifeline.end()
            // Only if somebody killed the watchdog is there still anything to remove.
            try? FileManager.default.removeItem(atPath: self.directory)
        }
    }

    // MARK: On the queue

    private func launch(acceptsLoading: Bool) async throws {
        try await withTaskCancellationHandler {
            let outcome: Result<Void, any Error> = await perform {
                Result { try self.startAndWait(acceptsLoading: acceptsLoading) }
            }
            try outcome.get()
        } onCancel: {
            state.withLock { $0.isAbandoned = true }
        }
    }

    private func startAndWait(acceptsLoading: Bool) throws {
        guard let lifeline = state.withLock({ $0.lifeline }) else { throw StreamKitError.closed }
        let server = try lifeline.start(command, output: logPath)
        state.withLock { $0.server = server }
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let answer = LocalSocket.ping(socket)
            if answer == .ready || (answer == .loading && acceptsLoading) { return }
            try check(server, deadline)
            usleep(2_000)
        }
    }

    private func check(_ server: ChildProcess, _ deadline: ContinuousClock.Instant) throws {
        if state.withLock({ $0.isAbandoned }) { throw CancellationError() }
        if server.hasEnded() {
            forget()
            throw StreamKitError.cannotConnect("\(command[0]) ended as it started. Its last words:\n\(log())")
        }
        if ContinuousClock.now >= deadline {
            throw StreamKitError.cannotConnect("\(command[0]) does not answer after 30 s. Its last words:\n\(log())")
        }
    }

    private func end(patience: Duration) {
        guard let server = state.withLock({ $0.server }) else { return }
        server.send(patience == .zero ? SIGKILL : SIGTERM)
        if !server.waits(atMost: patience) {
            server.send(SIGKILL)
            server.reap()
        }
        forget()
    }

    private func forget() {
        state.withLock {
            $0.server = nil
            $0.lifeline?.serverHasEnded()
        }
    }

    private func perform<R: Sendable>(_ work: @escaping @Sendable () -> R) async -> R {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }

    private var logPath: String { directory + "/redis.log" }

    private func log() -> String {
        let text = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(8).joined(separator: "\n")
    }
}

private let socketName = "redis.sock"

/// Makes a directory that only this user may enter, with a path short enough for a socket in it.
private func makePrivateDirectory() throws -> String {
    let asked = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let name = "streamkit-XXXXXX"
    let length = "\(asked)/\(name)/\(socketName)".utf8.count
    let parent = asked.hasPrefix("/") && length < LocalSocket.pathCapacity ? asked : "/tmp"
    var template = Array("\(parent)/\(name)".utf8CString)
    guard let path = mkdtemp(&template) else {
        let reason = String(cString: strerror(errno))
        throw StreamKitError.cannotConnect("No directory for a private Redis in \(parent): \(reason). Set TMPDIR.")
    }
    return String(cString: path)
}
