import FaultKit
import Foundation
import TestSupport
import Testing

@testable import AzureKit

@Suite("The tokens of az", .timeLimit(.minutes(2)))
struct AzureCommandLineTests {
    @Test func `az is asked for a token of the resource`() async throws {
        let script = """
            [ "$*" = "account get-access-token --output json --resource https://redis.azure.com" ] || exit 9
            echo '{"accessToken": "t", "expiresOn": "2099-12-31 10:00:00.000000", "expires_on": 4102444800}'
            """
        try await withFakeAz(script) { az in
            let token = try await az.token(for: "https://redis.azure.com")
            #expect(token == AccessToken(value: "t", expires: Date(timeIntervalSince1970: 4_102_444_800)))
        }
    }

    @Test func `what az complains of is the error, with what to do`() async throws {
        try await withFakeAz("echo 'ERROR: Please run az login to setup account.' >&2; exit 1") { az in
            let error = await #expect(throws: AzureIdentityError.self) { try await az.token(for: "r") }
            #expect(error?.description.contains("Please run az login to setup account.") == true)
            #expect(error?.description.hasSuffix("Run: az login") == true)
        }
    }

    @Test func `what az prints in place of a token is not shown`() async throws {
        try await withFakeAz("echo s3cret") { az in
            let error = await #expect(throws: AzureIdentityError.self) { try await az.token(for: "r") }
            #expect(error?.description.contains("s3cret") == false)
        }
    }

    @Test func `az that hangs is ended with the caller`() async throws {
        let mark = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: mark) }
        try await withFakeAz("echo $$ >'\(mark.path())'; exec sleep 600") { az in
            let asking = Task { try await az.token(for: "r") }
            var id: Int32 = 0
            try await eventually("az runs") {
                id =
                    (try? String(contentsOf: mark, encoding: .utf8)).flatMap {
                        Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
                    } ?? 0
                return id > 0
            }
            asking.cancel()
            await #expect(throws: CancellationError.self) { try await asking.value }
            try await eventually("az is gone") { !isRunning(id) }
        }
    }

    private func withFakeAz(_ script: String, _ body: (AzureCommandLine) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = folder.appending(path: "az").path()
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        try await body(AzureCommandLine(environment: ["PATH": "\(folder.path()):/usr/bin:/bin"]))
    }
}
