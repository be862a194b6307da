@testable import StreamKit
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
        (" redis://localhost\n", "redis://localhost:6379/0"),
        ("redis://:6380", "redis://localhost:6380/0"),
        ("redis://ann:p:w@localhost", "redis://ann@localhost:6379/0"),
        ("redis://localhost?protocol=3", "redis://localhost:6379/0"),
    ])
    func `names server and database, and shows no password`(url: String, description: String) throws {
        #expect(try RedisConfiguration(url: url).description == description)
    }

    @Test func `carries user and password, percent-encoding undone`() throws {
        let configuration = try RedisConfiguration(url: "redis://an%40n:p%2Fw%3A1@localhost")

        #expect(configuration.credentials.username == "an@n")
        #expect(configuration.credentials.password == "p/w:1")
    }

    @Test(arguments: [
        "redis://:57#Wc903z@host", "redis://:57/Wc903z@host", "redis://:57?Wc903z@host", "redis://:57@Wc903z@host",
        "redis://ann:57#Wc903z@host:6379/0", "redis://ann:57@Wc/903z@host", "redis://host/0#Wc903z",
        "rediss://:57?Wc903z=1@host", "redis://:57%Wc903z@host", "redis://ho%zzst",
    ])
    func `with a password that needs percent-encoding is refused, with how to encode it`(url: String) {
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration(url: url) }

        #expect(error?.description.contains("# as %23") == true, "\(error as Any)")
        #expect(error?.description.contains("903z") == false)
    }

    @Test(arguments: [
        ("unix:///tmp/a%23b%3Fc%25d/redis.sock", "/tmp/a#b?c%d/redis.sock", 0),
        ("unix:///tmp/a#b/redis.sock?db=2", "/tmp/a#b/redis.sock", 2),
        ("unix:///tmp/really?/redis.sock", "/tmp/really?/redis.sock", 0),
        ("unix:///tmp/what?/redis.sock?db=3", "/tmp/what?/redis.sock", 3),
        ("unix:///tmp/100%/redis.sock", "/tmp/100%/redis.sock", 0),
        ("unix:///tmp/a@b:c/redis.sock", "/tmp/a@b:c/redis.sock", 0),
        ("unix://ann:pw@/tmp/redis.sock", "/tmp/redis.sock", 0),
    ])
    func `of a unix socket may hold any path`(url: String, path: String, database: Int) throws {
        let configuration = try RedisConfiguration(url: url)

        #expect(configuration.endpoint == .unix(path: path))
        #expect(configuration.database == database)
        #expect(try RedisConfiguration(url: configuration.description).endpoint == .unix(path: path))
    }

    @Test(arguments: ["redis://a%00b", "unix:///tmp/a%00b", "rediss://h?cacert=a%00b", "rediss://h?sni=a%00b"])
    func `with a zero byte where the system allows none is refused`(url: String) {
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration(url: url) }

        #expect(error?.description.contains("zero byte") == true)
    }

    @Test func `of a unix socket is refused if the path is too long for the system`() {
        let longest = "/" + String(repeating: "x", count: RedisConfiguration.longestSocketPath - 1)

        #expect(throws: Never.self) { try RedisConfiguration(url: "unix://\(longest)") }
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration(url: "unix://\(longest)x") }
        #expect(error?.description.contains("too long") == true)
    }

    @Test func `may be a connection string as .NET and Azure write it`() throws {
        let azure = try RedisConfiguration(
            url: "cache.redis.example.net:6380,password=abc+/=,ssl=True,abortConnect=False")
        let full = try RedisConfiguration(
            url: "cache.example, user=ann, Password=x, SSL=true, defaultDatabase=2, name=web, connectTimeout=1500")
        let plain = try RedisConfiguration(url: "localhost:7000")

        #expect(azure.description == "rediss://cache.redis.example.net:6380/0")
        #expect(azure.credentials.password == "abc+/=")
        #expect(full.description == "rediss://ann@cache.example:6380/2" && full.credentials.password == "x")
        #expect(full.clientName == "web" && full.timeouts.connect == .seconds(1.5))
        #expect(plain.description == "redis://localhost:7000/0" && plain.credentials.password == nil)
    }

    @Test func `as a connection string may have a password that looks like a URL`() throws {
        let configuration = try RedisConfiguration(url: "cache.example:6380,password=a://b#c@d?e,ssl=True")

        #expect(configuration.description == "rediss://cache.example:6380/0")
        #expect(configuration.credentials.password == "a://b#c@d?e")
    }

    @Test(arguments: [
        ("a:1,b:2,password=secret", "several servers"), ("a:1,passwrd=secret", "passwrd"),
        ("a:1,ssl=secret", "ssl"), ("a:1,defaultDatabase=secret", "defaultdatabase"),
    ])
    func `as a connection string with a mistake is refused without its password`(text: String, reason: String) {
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration(url: text) }

        #expect(error?.description.contains(reason) == true, "\(error as Any)")
        #expect(error?.description.contains("secret") == false)
    }

    @Test(arguments: [
        "nonsense", "", "http://localhost", "redis://localhost:port", "redis://localhost:0", "redis://localhost:70000",
        "redis://localhost/db", "redis://localhost/-1", "redis://localhost/0/1", "redis://[::1",
        "redis://localhost:+6379", "unix://", "unix:///run/redis.sock?db=x", "unix://host/run/redis.sock",
        "localhost", "two words", "host:6379:1,ssl=True",
    ])
    func `that cannot be read is refused with an example`(url: String) {
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration(url: url) }

        #expect(error?.description.contains("redis://") == true)
    }

    @Test(arguments: [
        "redis://a:secret@h:port", "redis::secret@h", "redis:a:secret@h/0", "a:secret@h", "redis:///:secret@h",
        "a:1:2,password=secret://x", "my secret://h",
    ])
    func `with a mistake is quoted without its password`(url: String) {
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration(url: url) }

        #expect(error?.description.contains("secret") == false)
    }

    @Test func `neither a configuration nor its credentials show the password`() throws {
        let configuration = try RedisConfiguration(url: "redis://ann:secret@db.example")
        for value in [configuration, configuration.credentials] as [any Sendable] {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), "\([value])", dumped] {
                #expect(text.contains("ann") && !text.contains("secret"), "\(text)")
            }
        }
    }
}
