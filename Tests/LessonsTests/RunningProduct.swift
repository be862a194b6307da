import Foundation

/// A product that runs while a test watches what it prints.
struct RunningProduct {
    /// How a process ended: by itself, or killed by a signal.
    struct End: Equatable {
        var reason: Process.TerminationReason
        var status: Int32
    }

    let process: Process
    private let output: AsyncStream<Data>
    private let ends: AsyncStream<End>

    /// Waits until a text was printed; throws if the output ends without it.
    func printed(_ text: String) async throws {
        var seen = Data()
        for await more in output {
            seen += more
            if String(decoding: seen, as: UTF8.self).contains(text) { return }
        }
        throw NarrativeError.missingLine(text)
    }

    /// Waits for the end of the process.
    func ended() async -> End? {
        await ends.first { _ in true }
    }
}

extension ProductRun {
    /// Starts a product with a private server; the caller must end it.
    static func start(_ command: [String]) throws -> RunningProduct {
        let process = process(command)
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        return try RunningProduct(process, output: output.fileHandleForReading)
    }
}

extension RunningProduct {
    fileprivate init(_ process: Process, output handle: FileHandle) throws {
        let (output, printed) = AsyncStream.makeStream(of: Data.self)
        let (ends, ended) = AsyncStream.makeStream(of: End.self)
        handle.readabilityHandler = { handle in
            let data = handle.availableData
            guard !data.isEmpty else {
                handle.readabilityHandler = nil
                return printed.finish()
            }
            printed.yield(data)
        }
        process.terminationHandler = { process in
            ended.yield(End(reason: process.terminationReason, status: process.terminationStatus))
            ended.finish()
        }
        try process.run()
        (self.process, self.output, self.ends) = (process, output, ends)
    }
}
