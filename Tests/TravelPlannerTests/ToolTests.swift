import TravelPlanner
import AgentKit
import Testing

@Suite("The travel tools")
struct ToolTests {
    @Test(arguments: [
        "Tokyo", "Paris", "New York", "London", "Sydney", "Rome", "Barcelona", "Amsterdam", "Dubai", "Singapore",
        "Bangkok", "Los Angeles", "San Francisco", "Seattle", "Miami", "Honolulu",
    ])
    func `know the weather and the events of every city in the guide`(city: String) async throws {
        let weather = try await WeatherForecast().call(["destination": .string(city)])
        let events = try await LocalEvents().call(["destination": .string(city)])

        let (high, low) = (try #require(weather["high_c"]?.integer), try #require(weather["low_c"]?.integer))
        #expect(weather["destination"]?.string == city && high > low)
        #expect(weather["recommendation"]?.string?.isEmpty == false)
        #expect(events["events"]?.array?.count == 4)
    }

    @Test func `invent nothing about a city that the guide does not know`() async throws {
        let weather = try await WeatherForecast().call(["destination": "Ulaanbaatar"])
        let events = try await LocalEvents().call(["destination": "Ulaanbaatar"])

        #expect(weather["condition"] == nil && weather["high_c"] == nil)
        #expect(weather["summary"]?.string?.contains("does not know Ulaanbaatar") == true)
        #expect(events["events"] == [] && events["summary"]?.string?.contains("does not know Ulaanbaatar") == true)
    }

    @Test(arguments: ["tokyo", "TOKYO", "Tōkyō", "Tokyo, Japan", "Tokyo 🗼"])
    func `know a city however it is written`(name: String) async throws {
        #expect(try await WeatherForecast().call(["destination": .string(name)])["destination"] == "Tokyo")
    }

    @Test(arguments: [[:], ["destination": ""], ["destination": 5], ["city": "Rome"], [], "Rome"] as [JSONValue])
    func `say what is missing when there is no destination`(arguments: JSONValue) async throws {
        for tool in [WeatherForecast(), LocalEvents()] as [any Tool] {
            let error = await #expect(throws: ToolError.self) { _ = try await tool.call(arguments) }
            #expect(error?.description.contains("destination") == true)
        }
    }

    @Test func `say what they take, as a JSON Schema`() {
        for tool in [WeatherForecast(), LocalEvents()] as [any Tool] {
            #expect(tool.parameters["type"] == "object" && tool.parameters["required"] == ["destination"])
            #expect(tool.parameters["properties"]?["destination"]?["type"] == "string")
        }
    }
}
