import StreamKit
import Testing

@testable import LessonKit

@Suite("redis-cli commands that readers are told to type")
struct RedisCLICommandTests {
    @Test(arguments: [
        (RedisConfiguration(unixSocket: "/tmp/a b#/redis.sock"), "redis-cli -s '/tmp/a b#/redis.sock'"),
        (RedisConfiguration(host: "localhost"), "redis-cli -p 6379"),
        (RedisConfiguration(host: "::1", port: 7000), "redis-cli -h ::1 -p 7000"),
    ])
    func `name the server`(configuration: RedisConfiguration, expected: String) {
        #expect(configuration.redisCLI() == expected)
    }

    @Test func `name user and database, and ask for the password instead of showing it`() throws {
        let configuration = try RedisConfiguration(url: "redis://me:secret@example.org:7000/2")

        #expect(configuration.redisCLI("PING") == "redis-cli -h example.org -p 7000 -n 2 --user me --askpass PING")
    }

    @Test func `delete several keys one by one, since a cluster takes no other`() {
        let configuration = RedisConfiguration(host: "localhost", port: 7000)

        #expect(configuration.redisCLI(deleting: ["a"]) == "redis-cli -p 7000 DEL a")
        #expect(
            configuration.redisCLI(deleting: ["a", "{b}:c"])
                == "for key in a '{b}:c'; do redis-cli -p 7000 DEL \"$key\"; done")
    }
}
