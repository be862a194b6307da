import Foundation

/// Runs the products that were built beside the tests, as a pipe would: no terminal, nothing to type.
enum ProductRun {
    /// The repository's root.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The folder of the built products: the one the test bundle is in.
    static let buildFolder: URL = {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
        guard let bundle, let end = bundle.range(of: ".xctest") else {
            return root.appendingPathComponent(".build/debug")
        }
        return URL(fileURLWithPath: String(bundle[..<end.upperBound])).deletingLastPathComponent()
    }()

    /// The lines a command prints on standard output.
    ///
    /// Throws unless it ends with exit code 0 within the time given.
    static func output(of command: [String], within limit: Duration = .seconds(60)) async throws -> [String] {
        let name = command.joined(separator: " ")
        let program = buildFolder.appendingPathComponent(command[0])
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw NarrativeError.runFailed(command: name, reason: "names no product in \(buildFolder.path)")
        }
        let captured = FileManager.default.temporaryDirectory.appendingPathComponent("lesson-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: captured) }
        guard FileManager.default.createFile(atPath: captured.path, contents: nil) else {
            throw NarrativeError.runFailed(command: name, reason: "could not be given the file \(captured.path)")
        }
        let process = process(command)
        process.standardInput = FileHandle.nullDevice
        // A file, not a pipe: it never fills up, and the lines are read once the process is gone.
        process.standardOutput = try FileHandle(forWritingTo: captured)
        process.standardError = FileHandle.standardError
        let status = try await run(process, within: limit)
        guard status == 0 else {
            throw NarrativeError.runFailed(command: name, reason: "ended with \(status), or was stopped after \(limit)")
        }
        return String(decoding: try Data(contentsOf: captured), as: UTF8.self).lines
    }

    /// A product, not started yet, in the environment of a learner who set nothing.
    static func process(_ command: [String]) -> Process {
        let process = Process()
        process.executableURL = buildFolder.appendingPathComponent(command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = root
        process.environment = environment
        return process
    }

    private static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        for name in [
            "REDIS_URL", "REDIS_CONNECTION_STRING", "REDIS_HOST", "REDIS_STREAM_TTL_MINUTES", "COLUMNS",
            "LESSON_COMMAND",
        ] {
            environment[name] = nil
        }
        environment["NO_COLOR"] = "1"
        return environment
    }

    private static func run(_ process: Process, within limit: Duration) async throws -> Int32 {
        let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            continuation.yield(process.terminationStatus)
            continuation.finish()
        }
        try process.run()
        let processID = process.processIdentifier
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // Cancelled, the usual case, is not timed out.
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                kill(processID, SIGKILL)
            }
            let status = await ended.first { _ in true }
            group.cancelAll()
            return status ?? -1
        }
    }
}
