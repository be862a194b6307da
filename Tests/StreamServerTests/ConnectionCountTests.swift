import HTTPTypes
import NIOCore
import Testing

@testable import StreamServer

@Suite("Counting connections")
struct ConnectionCountTests {
    private func count(inAll: Int = 100, ofAddress: Int = 2) -> ConnectionCount {
        var limits = ConnectionLimits()
        (limits.connections, limits.connectionsPerAddress) = (inAll, ofAddress)
        return ConnectionCount(limits: limits)
    }

    private func address(_ text: String, port: Int = 1) throws -> SocketAddress {
        try SocketAddress(ipAddress: text, port: port)
    }

    @Test func `an address has its number of connections, whatever others have, and a closed one makes room`() throws {
        let count = count()
        let (one, other) = (try address("192.0.2.1"), try address("192.0.2.2"))
        for _ in 0..<2 { #expect(count.enter(from: one) == nil) }

        let refusal = count.enter(from: try address("192.0.2.1", port: 9))
        #expect(refusal?.status == .tooManyRequests && refusal?.headers[.retryAfter] != nil)
        #expect(count.enter(from: other) == nil)

        for _ in 0..<2 { count.leave(from: one) }
        #expect(count.enter(from: one) == nil)
    }

    @Test func `connections of an address that has too many take no place of others`() throws {
        let count = count(inAll: 3)
        for _ in 0..<10 { _ = count.enter(from: try address("192.0.2.1")) }

        #expect(count.enter(from: try address("192.0.2.2")) == nil)
        #expect(count.enter(from: try address("192.0.2.2"))?.status == .serviceUnavailable)
    }

    @Test func `the limit in all holds for addresses that have few`() throws {
        let count = count(inAll: 1)
        #expect(count.enter(from: try address("192.0.2.1")) == nil)
        #expect(count.enter(from: try address("192.0.2.2"))?.status == .serviceUnavailable)
    }

    @Test(arguments: [("2001:db8::1", "2001:db8::ffff:2"), ("::ffff:192.0.2.1", "192.0.2.1")])
    func `one client is known by each form of its address`(first: String, second: String) throws {
        #expect(try address(first).client == (try address(second).client))
    }

    @Test func `another network is another client`() throws {
        #expect(try address("2001:db8::1").client != (try address("2001:db8:0:1::1").client))
    }

    @Test(arguments: ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
    func `this machine is not counted`(text: String) throws { #expect(try address(text).client == nil) }
}
