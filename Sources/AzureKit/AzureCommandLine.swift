import Foundation

/// The tokens of the user who logged in with `az login`.
package struct AzureCommandLine: TokenProvider {
    private let environment: [String: String]

    package init(environment: [String: String]) {
        self.environment = environment
    }

    package func token(for resource: String) async throws -> AccessToken {
        let (status, output, complaint) = try await run(
            ["az", "account", "get-access-token", "--output", "json", "--resource", resource])
        switch status {
        case 0: break
        case 127: throw AzureIdentityError.noIdentity("The program 'az' is not installed.")
        default:
            let reason = String(decoding: complaint, as: UTF8.self).split(separator: "\n").first ?? "no reason given"
            throw AzureIdentityError.refused(
                "'az account get-access-token' failed: \(reason.prefix(300)) Run: az login")
        }
        guard let response = try? JSONDecoder().decode(TokenResponse.self, from: output) else {
            throw AzureIdentityError.refused("'az account get-access-token' printed something that is not a token.")
        }
        return AccessToken(value: response.token, expires: response.expires)
    }

    private func run(_ command: [String]) async throws -> (Int32, Data, Data) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = environment
        let (output, complaint) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = complaint
        let (ends, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = {
            end.yield($0.terminationStatus)
            end.finish()
        }
        do {
            try process.run()
        } catch {
            // A small container has no /usr/bin/env.
            throw AzureIdentityError.noIdentity("The program 'az' cannot be started.")
        }
        return try await withTaskCancellationHandler {
            async let printed = Self.everything(from: output)
            async let complained = Self.everything(from: complaint)
            let result = await (printed, complained)
            try Task.checkCancellation()
            for await status in ends { return (status, result.0, result.1) }
            throw CancellationError()
        } onCancel: {
            // Threads of Swift's pool block signals, and a program inherits that from the thread that starts it: only
            // SIGKILL is sure to arrive.
            kill(process.processIdentifier, SIGKILL)
        }
    }

    /// Reads on a thread of its own, because reading blocks until the program closes its end.
    private static func everything(from pipe: Pipe) async -> Data {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: pipe.fileHandleForReading.readDataToEndOfFile())
            }
        }
    }
}
