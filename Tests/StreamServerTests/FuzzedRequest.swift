import FaultKit
import Foundation

/// A request made from random parts, some of which fit and some of which do not; the same seed makes the same one.
struct FuzzedRequest {
    /// What is sent.
    let bytes: [UInt8]
    /// Whether the server has to answer it, because nothing was changed in what a client would send.
    let mustBeAnswered: Bool

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - seed: what decides on everything else.
    ///   - paths: as the API writes them, with names in braces.
    ///   - conversation: one that the server knows.
    ///   - cursors: those of its events.
    init(seed: UInt64, paths: [String], conversation: String, cursors: [String]) {
        var maker = Maker(random: SeededGenerator(seed: seed), conversation: conversation, cursors: cursors)
        let body = maker.body()
        let head = maker.head(paths, bodySize: body.count)
        bytes = maker.spoiled(Array(head.utf8) + body)
        mustBeAnswered = bytes == Array(head.utf8) + body && maker.isPlain
    }
}

private struct Maker {
    var random: SeededGenerator
    let conversation: String
    let cursors: [String]
    /// Whether the head says of the connection and the body what is true.
    var isPlain = true

    mutating func one(of choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }
    mutating func happens(oneIn count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

    /// A text that may hold anything but what ends a line.
    mutating func junk(_ length: Int = 40) -> String {
        let length = Int.random(in: 0...length, using: &random)
        return String(
            String.UnicodeScalarView(
                (0..<length).map { _ in
                    let isPlain = Bool.random(using: &random)
                    let number = UInt32.random(in: isPlain ? 33...126 : 1...0x2FFF, using: &random)
                    return Unicode.Scalar(number).flatMap { "\r\n".unicodeScalars.contains($0) ? nil : $0 } ?? "?"
                }))
    }

    mutating func value() -> String {
        let longNumber = String(repeating: "9", count: 25)
        let known = [
            conversation, "TravelPlanner", UUID().uuidString, "true", "false", "0", "-1", longNumber, "0-0", "1-", "$",
            "*",
            "\(UInt64.max)-\(UInt64.max)", "now", "timeline", "all", "live", "committed", "queue", "a%00b", "%zz", "..",
        ]
        return happens(oneIn: 4) ? junk() : one(of: known + cursors)
    }

    // MARK: The head

    mutating func head(_ paths: [String], bodySize: Int) -> String {
        let method = one(of: [
            "GET", "GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "PURGE",
        ])
        var lines = ["\(method) \(target(paths)) HTTP/1.\(happens(oneIn: 8) ? 0 : 1)", host()]
        for _ in 0..<Int.random(in: 0...6, using: &random) { lines.append(header()) }
        if happens(oneIn: 10) {
            isPlain = false
            lines.append(
                one(of: [
                    "Content-Length: \(bodySize + 10)", "Transfer-Encoding: chunked", "Content-Length: x",
                    "Content-Length: -5",
                    "Transfer-Encoding: gzip, chunked\r\nContent-Length: 3",
                    "Connection: Upgrade\r\nUpgrade: websocket",
                ]))
        } else {
            lines.append("Content-Length: \(bodySize)")
        }
        return (lines + ["", ""]).joined(separator: "\r\n")
    }

    private mutating func host() -> String {
        if happens(oneIn: 12) { isPlain = false }
        guard !isPlain else { return "Host: localhost" }
        return one(of: ["Host: evil.example", "Host: a\r\nHost: b", "X-No: host", "Host: \(junk(10))"])
    }

    private mutating func target(_ paths: [String]) -> String {
        var path = one(of: paths).split(separator: "/").map { part in
            part.hasPrefix("{") || happens(oneIn: 20) ? encoded(value()) : String(part)
        }.joined(separator: "/")
        if happens(oneIn: 20) { path += "/" }
        let names = [
            "cursor", "lastEventId", "from", "view", "events", "isolation", "wait_for_response", "when_busy", "after",
            "expires", "signature", "session_id", "thread_id", "x",
        ]
        let query = (0..<Int.random(in: 0...3, using: &random)).map { _ in "\(one(of: names))=\(encoded(value()))" }
        return "/" + path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }

    private mutating func encoded(_ text: String) -> String {
        text.contains("%") ? text : text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    private mutating func header() -> String {
        let name = one(of: [
            "Accept", "Content-Type", "Last-Event-ID", "Authorization", "Idempotency-Key", "Origin", "Cookie",
            "x-ms-wait-for-response", "traceparent", "Expect", "X-\(Int.random(in: 0...9, using: &random))",
        ])
        let fitting = [
            "Accept": ["text/event-stream", "text/plain", "application/json", "*/*;q=0", "a/b, , ;"],
            "Content-Type": ["application/json", "text/plain", "text/plain; charset=utf-16", "multipart/form-data"],
            "Origin": ["http://localhost", "null", "https://evil.example"],
            "Authorization": ["Bearer x", "Basic eDp4", "Bearer"],
        ]
        let printable = String(value().unicodeScalars.filter { (32...126).contains($0.value) })
        return "\(name): \(happens(oneIn: 3) ? printable : one(of: fitting[name] ?? [printable]))"
    }

    // MARK: The body, and what happens to both

    mutating func body() -> [UInt8] {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: return []
        case 4: return Array(junk(300).utf8)
        case 5: return (0..<200).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        case 6: return Array(String(repeating: one(of: ["[", #"{"a":"#, "9"]), count: 3_000).utf8)
        case 7: return [UInt8](repeating: 0x61, count: 90_000)
        default: return object()
        }
    }

    private mutating func object() -> [UInt8] {
        let names = [
            "message", "message", "session_id", "thread_id", "wait_for_response", "when_busy", "approved", "reason",
            "x",
        ]
        let fields = (0..<Int.random(in: 0...5, using: &random)).map { _ in
            let quoted = #""\#(junk(20).filter { $0 != "\"" && $0 != "\\" })""#
            let values = [quoted, "true", "null", "-1e400", "[]", "{}", #""\#(conversation)""#, #""\ud800""#]
            return #""\#(one(of: names))":\#(one(of: values))"#
        }
        return Array("{\(fields.joined(separator: ","))}".utf8)
    }

    /// Changes a byte, drops the end, or puts something in between, once in a while.
    mutating func spoiled(_ bytes: [UInt8]) -> [UInt8] {
        guard happens(oneIn: 6), let place = bytes.indices.randomElement(using: &random) else { return bytes }
        var bytes = bytes
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = .random(in: .min ... .max, using: &random)
        case 1: bytes.removeSubrange(place...)
        case 2: bytes.insert(contentsOf: [0], at: place)
        default: bytes.insert(contentsOf: Array("\r\n".utf8), at: place)
        }
        return bytes
    }
}
