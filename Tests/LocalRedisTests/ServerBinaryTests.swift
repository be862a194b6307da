@testable import LocalRedis
import Foundation
import Testing

@testable import StreamKit

@Suite("Finding redis-server")
struct ServerBinaryTests {
    @Test func `an option wins over the environment, and that over the PATH`() throws {
        let environment = ["REDIS_SERVER_BINARY": "/bin/ls", "PATH": "/bin"]

        #expect(try ServerBinary.find(asked: "/bin/sh", environment: environment) == "/bin/sh")
        #expect(try ServerBinary.find(asked: nil, environment: environment) == "/bin/ls")
        #expect(try ServerBinary.find(asked: "sh", environment: environment) == "/bin/sh")
    }

    @Test func `without one on the PATH the error says what to install`() throws {
        let error = #expect(throws: StreamKitError.self) {
            try ServerBinary.find(asked: nil, environment: ["PATH": "/no/such/folder", "REDIS_SERVER_BINARY": ""])
        }

        let text = try #require(error?.description)
        for hint in ["apt-get install redis-server", "brew install redis", "REDIS_SERVER_BINARY", "REDIS_URL"] {
            #expect(text.contains(hint))
        }
    }

    @Test func `a path with a zero byte is not taken for what stands before that byte`() {
        #expect(throws: StreamKitError.self) { try ServerBinary.find(asked: "/bin/sh\0x", environment: [:]) }
    }

    @Test func `a folder or a file without permission to run is not a program`() throws {
        #expect(throws: StreamKitError.self) { try ServerBinary.find(asked: "/tmp", environment: [:]) }
        #expect(throws: StreamKitError.self) { try ServerBinary.find(asked: "/etc/passwd", environment: [:]) }
    }
}
