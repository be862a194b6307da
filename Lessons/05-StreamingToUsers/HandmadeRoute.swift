// Server-sent events by hand: a GET that never hurries, one "id" and one "data" per entry.
// Run:    ./lesson 5 demo
// Expect: the second request continues after the entry whose id it sends back.

import HTTPTypes
import Hummingbird
import NIOCore
import StreamKit

/// Answers `GET /by-hand/{stream}` with the entries of `lesson5:{stream}`, as they appear.
func addHandmadeRoute(to router: Router<BasicRequestContext>, redis: Redis) {
    // snippet: by-hand
    router.get("/by-hand/:stream") { request, context in
        let stream = redis.stream("lesson5:" + (try context.parameters.require("stream")))
        // The browser sends back the last id it saw. Without one, the story starts at the beginning.
        let seen = request.headers[lastEventID].flatMap(StreamID.init) ?? .zero
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
            body: ResponseBody { writer in
                var last = seen
                while true {
                    // XREAD BLOCK: Redis answers when there is something, not before.
                    for entry in try await stream.read(after: last, wait: .atMost(.seconds(5))) {
                        let event = "id: \(entry.id)\ndata: \(entry["text"] ?? "")\n\n"
                        try await writer.write(ByteBuffer(string: event))
                        if entry["done"] == "true" { return try await writer.finish(nil) }
                        last = entry.id
                    }
                }
            })
    }
    // end snippet
}

private let lastEventID: HTTPField.Name = {
    guard let name = HTTPField.Name("Last-Event-ID") else { preconditionFailure("a header name") }
    return name
}()
