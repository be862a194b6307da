import Foundation
import Testing

@Suite("The examples for a project of one's own")
struct PackageExampleTests {
    @Test(.timeLimit(.minutes(1))) func `the program reads what it wrote`() async throws {
        #expect(try await followOneTask() == ["task_started", "tool_usage", "task_completed"])
    }

    @Test func `the manifest names this package and products that it has`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)

        #expect(manifest.contains(#"name: "redis-streams-workspace""#))
        let products = manifestExample.matches(of: /\.product\(name: "(\w+)", package: "redis-streams-workspace"\)/)
        #expect(products.count == 2)
        for product in products {
            #expect(manifest.contains(".library(name: \"\(product.output.1)\""))
        }
    }
}
