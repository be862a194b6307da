import StreamKit
import TestSupport
import Testing

@Suite("A stream")
struct StreamTests {
    @Test func `keeps fields in order, repeated names and empty values included`() async throws {
        try await withScratchStream { stream in
            try await stream.append(["b": "1", "a": "", "b": "3", "": "no name"])

            let entry = try #require(try await stream.entries().first)

            #expect(entry.fields.map(\.name) == ["b", "a", "b", ""])
            #expect(entry.fields.map(\.value) == ["1", "", "3", "no name"])
            #expect(entry["b"] == "1")
            #expect(entry["c"] == nil)
        }
    }

    @Test(arguments: ["line\r\nbreak", "zero\0byte", "emoji 👩🏽‍🚀", "$5\r\n*1", String(repeating: "x", count: 1_000_000)])
    func `gives back exactly what was written`(text: String) async throws {
        try await withScratchStream { stream in
            try await stream.append(["text": text])

            let entry = try #require(try await stream.entries().first)

            #expect(entry["text"] == text)
            #expect(entry.bytes("text") == Array(text.utf8))
        }
    }

    @Test func `gives back bytes that are not text`() async throws {
        try await withScratchStream { stream in
            let script = RedisScript(#"return redis.call('XADD', KEYS[1], '*', 'raw', '\255\0\254')"#)
            _ = try await stream.redis.run(script, keys: [stream.key], arguments: [])

            let entry = try #require(try await stream.entries().first)

            #expect(entry.bytes("raw") == [255, 0, 254])
            #expect(entry["raw"]?.contains("\u{FFFD}") == true)
        }
    }

    @Test func `decodes a field's JSON, and names the field and entry that are not JSON`() async throws {
        struct Forecast: Codable, Equatable {
            let city: String
            let degrees: Int
        }
        try await withScratchStream { stream in
            try await stream.append(["data": #"{"city":"Oslo","degrees":-3}"#, "text": "{"])
            let entry = try #require(try await stream.entries().first)

            let forecast = try entry.decode(Forecast.self, from: "data")
            let error = #expect(throws: StreamKitError.self) { try entry.decode(Forecast.self, from: "text") }
            #expect(throws: StreamKitError.self) { try entry.decode(Forecast.self, from: "absent") }

            #expect(forecast == Forecast(city: "Oslo", degrees: -3))
            #expect(error?.description.contains("'text'") == true)
            #expect(error?.description.contains(entry.id.description) == true)
        }
    }

    @Test func `takes the caller's own ID, and refuses one that is not higher`() async throws {
        try await withScratchStream { stream in
            let id = StreamID(milliseconds: 5, sequence: 1)

            let given = try await stream.append(["n": "1"], id: id)
            let error = await #expect(throws: StreamKitError.self) { try await stream.append(["n": "2"], id: id) }

            #expect(given == id)
            #expect(error?.description.contains("equal or smaller") == true)
        }
    }

    @Test func `without fields is refused before anything is sent`() async throws {
        try await withScratchStream { stream in
            let nothing: [(String, String)] = []
            await #expect(throws: StreamKitError.self) { try await stream.append(EntryFields(nothing)) }

            let length = try await stream.length()
            #expect(length == 0)
        }
    }

    @Test func `is trimmed as it is appended to`() async throws {
        try await withScratchStream { stream in
            try await stream.fill(10)
            try await stream.append(["n": "11"], id: .init(milliseconds: 11), trim: .maximumLength(4, exact: true))
            #expect(try await stream.milliseconds() == [8, 9, 10, 11])

            let dropped = try await stream.trim(.minimumID(.init(milliseconds: 10), exact: true))
            #expect(dropped == 2)
            #expect(try await stream.milliseconds() == [10, 11])

            try await stream.append(["n": "12"], id: .init(milliseconds: 12), trim: .maximumLength(1))
            #expect(try await stream.length() == 3)
        }
    }

    @Test func `is read in ranges whose ends may be excluded`() async throws {
        try await withScratchStream { stream in
            try await stream.fill(6)
            let (two, five) = (StreamID(milliseconds: 2), StreamID(milliseconds: 5))

            #expect(try await stream.milliseconds(from: .id(two), to: .id(five)) == [2, 3, 4, 5])
            #expect(try await stream.milliseconds(from: .after(two), to: .before(five)) == [3, 4])
            #expect(try await stream.milliseconds(from: .after(two), limit: 2) == [3, 4])
            #expect(try await stream.milliseconds(from: .after(.init(milliseconds: 6))) == [])
            let reversed = try await stream.entriesReversed(from: .before(five), to: .after(two))
            #expect(reversed.map(\.id.milliseconds) == [4, 3])
            let newest = try await stream.entriesReversed(limit: 1)
            #expect(newest.map(\.id.milliseconds) == [6])
        }
    }

    @Test func `is read together with others, and a wait without news ends empty`() async throws {
        try await withScratchRedis { redis in
            let (one, two, none) = (scratchKey("one"), scratchKey("two"), scratchKey("none"))
            try await redis.stream(one).fill(3)
            try await redis.stream(two).fill(3)

            let read = try await redis.read([(one, .zero), (two, .init(milliseconds: 2)), (none, .zero)])
            let nothing = try await redis.stream(none).read(after: .zero, wait: .atMost(.milliseconds(20)))

            #expect(read[one]?.count == 3)
            #expect(read[two]?.map(\.id.milliseconds) == [3])
            #expect(read[none] == nil)
            #expect(nothing.isEmpty)
        }
    }

    @Test func `says what it holds, and nothing about a key that is not there`() async throws {
        try await withScratchStream { stream in
            #expect(try await stream.info()?.length == nil)
            #expect(try await stream.lastID() == nil)
            try await stream.fill(4)

            let deleted = try await stream.delete([.init(milliseconds: 4), .init(milliseconds: 9)])
            let info = try #require(try await stream.info())

            #expect(deleted == 1)
            #expect((info.length, info.entriesAdded) == (3, 4))
            #expect(info.lastGeneratedID == .init(milliseconds: 4))
            #expect(info.firstEntry?.id.milliseconds == 1)
            #expect(info.lastEntry?.id.milliseconds == 3)
        }
    }
}

extension RedisStream {
    /// Appends entries with the IDs 1-0, 2-0 and so on.
    func fill(_ count: Int, from first: Int = 1) async throws {
        _ = try await redis.pipeline { batch in
            for number in first..<first + count { batch.add("XADD", key, "\(number)-0", "n", "\(number)") }
        }
    }

    func milliseconds(
        from start: StreamBound = .first, to end: StreamBound = .last, limit: Int? = nil
    ) async throws -> [UInt64] {
        try await entries(from: start, to: end, limit: limit).map(\.id.milliseconds)
    }
}
