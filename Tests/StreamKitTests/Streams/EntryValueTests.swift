import FaultKit
import StreamKit
import TestSupport
import Testing

@Suite("The values of an entry")
struct EntryValueTests {
    @Test func `may be any bytes, in order, under names that repeat`() async throws {
        try await withScratchStream { stream in
            let fields: [(name: String, value: [UInt8])] = [
                ("chunk", [0, 255, 13, 10]), ("chunk", []), ("other", Array(0...255)), ("chunk", [0xC3]),
            ]
            let id = try await stream.append(EntryFields(bytes: fields), trim: .maximumLength(10))

            let entry = try #require(try await stream.entries().first)

            #expect(entry.id == id)
            #expect(entry.rawFields.map(\.name) == fields.map { Array($0.name.utf8) })
            #expect(entry.rawFields.map(\.value) == fields.map(\.value))
            #expect(entry.bytes("other") == Array(0...255))
        }
    }

    @Test func `are read as text, invalid UTF-8 repaired`() async throws {
        try await withScratchStream { stream in
            try await stream.append(EntryFields(bytes: [("good", Array("é".utf8)), ("bad", [0x61, 0xFF, 0x62])]))
            let entry = try #require(try await stream.entries().first)

            #expect(entry["good"] == "é")
            #expect(entry["bad"] == "a\u{FFFD}b")
            #expect(entry["absent"] == nil)
        }
    }

    @Test func `come back from JSON unchanged`() async throws {
        struct Forecast: Codable, Equatable {
            var city: String
            var degrees: [Int]
            var note: String?
        }
        try await withScratchStream { stream in
            let forecast = Forecast(city: "Zürich / \"Oerlikon\"\n", degrees: [-3, 4], note: nil)
            try await stream.append(forecast, as: "data", with: ["event": "tool_usage"])
            try await stream.append(42, as: "data")

            let entries = try await stream.entries()

            #expect(entries[0].fields.map(\.name) == ["event", "data"])
            #expect(try entries[0].decode(Forecast.self, from: "data") == forecast)
            #expect(try entries[1].decode(Int.self, from: "data") == 42)
        }
    }

    @Test func `that cannot be JSON are refused before anything is sent`() async throws {
        try await withScratchStream { stream in
            let error = await #expect(throws: StreamKitError.self) { try await stream.append(Double.nan, as: "data") }
            let nothing: [(name: String, value: [UInt8])] = []
            await #expect(throws: StreamKitError.self) { try await stream.append(EntryFields(bytes: nothing)) }

            #expect(error?.description.contains("Double") == true)
            let length = try await stream.length()
            #expect(length == 0)
        }
    }

    @Test func `that a hostile server made of something else are read as nothing, and safely`() async throws {
        let answer = "*1\r\n*2\r\n$3\r\n1-1\r\n*6\r\n*0\r\n:99999\r\n$1\r\na\r\n:-5\r\n:1\r\n$-1\r\n"
        try await withScriptedServer {
            $0[0] == "XRANGE" ? .text(answer) : .greeting($0)
        } _: { server in
            try await withRedis(RedisConfiguration(host: "127.0.0.1", port: server.port)) { redis in
                let entry = try #require(try await redis.stream("s").entries().first)

                #expect(entry.fields.map(\.name) == ["", "a", ""])
                #expect(entry.fields.map(\.value) == ["", "", ""])
                #expect(entry["b"] == nil)
                #expect(entry.bytes("a")?.isEmpty == true)
            }
        }
    }
}
