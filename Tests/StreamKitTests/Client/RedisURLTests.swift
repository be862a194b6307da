import StreamKit
import TestSupport
import Testing

@Suite("A Redis URL")
struct RedisURLTests {
    @Test(arguments: [
        ("redis://localhost", "redis://localhost:6379/0"),
        ("redis://127.0.0.1:7000/3", "redis://127.0.0.1:7000/3"),
        ("redis://[::1]:7000", "redis://[::1]:7000/0"),
        ("redis://ann:secret@db.example:1/2", "redis://ann@db.example:1/2"),
        ("redis://:secret@db.example", "redis://db.example:6379/0"),
        ("redis://localhost?db=4", "redis://localhost:6379/4"),
        ("REDIS://localhost", "redis://localhost:6379/0"),
        ("rediss://localhost:6380", "rediss://localhost:6380/0"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
    ])
    func `names server and database, and shows no password`(url: String, description: String) throws {
        #expect(try RedisConfiguration(url: url).description == description)
    }

    @Test func `carries user and password, percent-encoding undone`() throws {
        let configuration = try RedisConfiguration(url: "redis://an%40n:p%2Fw%3A1@localhost")

        #expect(configuration.username == "an@n")
        #expect(configuration.password == "p/w:1")
    }

    @Test(arguments: [
        "nonsense", "", "http://localhost", "redis://localhost:port", "redis://localhost:0", "redis://localhost:70000",
        "redis://localhost/db", "redis://localhost/-1", "unix://", "unix:///run/redis.sock?db=x",
    ])
    func `that cannot be read is refused with an example`(url: String) {
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration(url: url) }

        #expect(error?.description.contains("redis://") == true)
    }

    @Test(arguments: [
        "redis://a:secret@h:port", "redis::secret@h", "redis:a:secret@h/0", "a:secret@h", "redis:///:secret@h",
    ])
    func `with a mistake is quoted without its password`(url: String) {
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration(url: url) }

        #expect(error?.description.contains("secret") == false)
    }

    @Test func `comes from REDIS_URL, else from REDIS_CONNECTION_STRING, else from nowhere`() throws {
        let both = ["REDIS_URL": "redis://one", "REDIS_CONNECTION_STRING": "redis://two"]
        let second = ["REDIS_URL": "", "REDIS_CONNECTION_STRING": "redis://two"]

        #expect(try RedisConfiguration.fromEnvironment(both)?.description == "redis://one:6379/0")
        #expect(try RedisConfiguration.fromEnvironment(second)?.description == "redis://two:6379/0")
        #expect(try RedisConfiguration.fromEnvironment([:])?.description == nil)
    }
}
