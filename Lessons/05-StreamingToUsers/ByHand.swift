// The route by hand, for a curl of your own.
// Run:    ./lesson 5 by-hand, and in another terminal the curl command that it prints
// Expect: one word a second; Ctrl-C in the middle, and the rest with the id of the last word in Last-Event-ID.

import ArgumentParser
import Hummingbird
import LessonKit
import NIOCore
import StreamKit
import StreamServer

struct ByHand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve the route by hand, for a curl of your own.")

    @Option(help: "The port to listen on; 0 takes any free one.") var port = 8081
    @OptionGroup var options: LessonOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port \(port): a port is 0 to 65535.") }
    }

    func run() async throws {
        try await withLesson(options, keys: ["lesson5:sentence"]) { redis, narrator in
            let router = Router()
            addHandmadeRoute(to: router, redis: redis)
            let application = Application(
                router: router, server: .guarded(), configuration: .init(address: .hostname("127.0.0.1", port: port)),
                onServerRunning: { channel in
                    let address = "http://127.0.0.1:\(channel.localAddress?.port ?? port)/by-hand/sentence"
                    narrator.show("curl -N \(address)\ncurl -N -H 'Last-Event-ID: ID' \(address)")
                    narrator.show("Put an id that you have seen in the place of ID. Ctrl-C stops the server.")
                }, logger: .toStandardError)
            let stream = redis.stream("lesson5:sentence")
            try await narrator.untraced {
                try await withCompanion {
                    try await writeSentence(to: stream, every: .seconds(1))
                } _: {
                    do { try await application.run() } catch let error as IOError {
                        throw LessonProblem("Cannot listen on port \(port) of 127.0.0.1: \(error). Use --port 0.")
                    }
                }
            }
        }
    }
}
