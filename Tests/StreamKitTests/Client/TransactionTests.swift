import TestSupport
import Testing

@testable import StreamKit

@Suite("A transaction in a batch")
struct TransactionTests {
    @Test(arguments: ["MULTI", "multi"])
    func `is joined by no other command of this client`(command: String) async throws {
        try await withScratchRedis { redis in
            _ = try await redis.send("PING")
            for _ in 0..<100 {
                var other: Task<String?, any Error>?
                let results = try await redis.pipeline { batch in
                    batch.add("ECHO", "before")
                    batch.add(command)
                    for number in 0..<600 {
                        // From another thread, while this batch would be on its way already.
                        if number == 300 { other = Task { try await redis.send("ECHO", "other").text } }
                        batch.add("ECHO", "number \(number)")
                    }
                    batch.add("EXEC")
                }

                #expect(try results.last?.get().elements?.count == 600)
                #expect(try await other?.value == "other")
            }
        }
    }
}
