import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A built product that runs as a process of its own, to be asked, interrupted and killed.
///
/// It sees a temporary directory of its own, so a test can tell what it leaves behind.
public final class Program: Sendable {
    /// How a process ended.
    public enum End: Equatable, Sendable {
        /// By itself, with this code.
        case exited(Int32)
        /// By a signal that it did not handle.
        case signalled(Int32)
    }

    /// The number of the process.
    public let id: Int32
    private let output: URL
    private let errors: URL
    private let ended: Task<End, Never>

    fileprivate init(_ words: [String], environment: [String: String], in directory: URL) throws {
        let number = UUID().uuidString.prefix(8)
        output = directory.appending(path: "output-\(number)")
        errors = directory.appending(path: "errors-\(number)")
        let process = Process()
        // A product is started by its name, anything else by its whole path.
        process.executableURL =
            words[0].hasPrefix("/") ? URL(filePath: words[0]) : Self.folder.appending(path: words[0])
        process.arguments = Array(words.dropFirst())
        process.environment = Self.plainEnvironment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: they never fill up, and nobody has to read them meanwhile.
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        let (ends, continuation) = AsyncStream.makeStream(of: End.self)
        process.terminationHandler = { process in
            let wasSignalled = process.terminationReason == .uncaughtSignal
            continuation.yield(
                wasSignalled ? .signalled(process.terminationStatus) : .exited(process.terminationStatus))
            continuation.finish()
        }
        try process.run()
        id = process.processIdentifier
        // Unstructured, because several callers may wait for the same end.
        ended = Task { await ends.first { _ in true } ?? .exited(-1) }
    }

    /// What it has printed so far.
    public var said: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
    /// What it has printed on standard error so far.
    public var complained: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Sends a signal to this process alone.
    public func send(_ signal: Int32) { kill(id, signal) }

    /// Waits until it has ended.
    public func end() async -> End { await ended.value }

    /// Waits until it has printed the given text.
    ///
    /// - Throws: ``NotInTime``, even if it ended without printing it.
    public func says(_ text: String, within limit: Duration = .seconds(30)) async throws {
        try await eventually("'\(text)' in: \(said)\(complained)", within: limit) {
            if said.contains(text) { return true }
            guard isRunning(id) else {
                if said.contains(text) { return true }
                throw NotInTime(description: "It ended without saying '\(text)': \(said)\(complained)")
            }
            return false
        }
    }

    private static let plainEnvironment: [String: String] = {
        var environment = ProcessInfo.processInfo.environment
        for name in [
            "REDIS_URL", "REDIS_CONNECTION_STRING", "REDIS_HOST", "REDIS_STREAM_TTL_MINUTES", "COLUMNS",
            "LESSON_COMMAND",
        ] {
            environment[name] = nil
        }
        environment["NO_COLOR"] = "1"
        environment["PRODUCTS"] = folder.path
        return environment
    }()

    /// The folder of the built products: the one the test bundle is in.
    private static let folder: URL = {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
        guard let bundle, let end = bundle.range(of: ".xctest") else { return URL(filePath: ".build/debug") }
        return URL(filePath: String(bundle[..<end.upperBound])).deletingLastPathComponent()
    }()
}

/// Starts programs for a test, in one temporary directory, and ends those that still run after it.
public struct Programs: Sendable {
    /// Where the programs make their temporary files.
    public let temporary: URL
    private let directory: URL
    private let started = Started()

    private actor Started {
        var programs: [Program] = []
        func add(_ program: Program) { programs.append(program) }
    }

    fileprivate init() throws {
        // The path is short, because a unix socket's path must be.
        directory = URL(filePath: "/tmp/p-\(UUID().uuidString.prefix(8))")
        temporary = directory.appending(path: "t")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    }

    /// Starts a product of this package, for example `streaming-to-users serve`.
    public func start(_ words: String..., environment: [String: String] = [:]) async throws -> Program {
        try await start(words, environment: environment)
    }

    /// Starts a product, its name and its arguments given as a list.
    public func start(_ words: [String], environment: [String: String] = [:]) async throws -> Program {
        let variables = environment.merging(["TMPDIR": temporary.path]) { own, _ in own }
        let program = try Program(words, environment: variables, in: directory)
        await started.add(program)
        return program
    }

    /// Starts a shell with a command line, in which `$PRODUCTS` is the folder of this package's products.
    public func shell(_ line: String, environment: [String: String] = [:]) async throws -> Program {
        try await start(["/bin/sh", "-c", line], environment: environment)
    }

    /// What programs have left in their temporary directory.
    public var leftovers: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: temporary.path)) ?? []
    }

    fileprivate func end() async {
        for program in await started.programs {
            if isRunning(program.id) { program.send(SIGKILL) }
            _ = await program.end()
        }
        try? FileManager.default.removeItem(at: directory)
    }
}

/// Runs a test that starts programs; none is left afterwards.
public func withPrograms<R>(_ body: (Programs) async throws -> R) async throws -> R {
    let programs = try Programs()
    do {
        let result = try await body(programs)
        await programs.end()
        return result
    } catch {
        await programs.end()
        throw error
    }
}
