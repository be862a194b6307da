import Testing

@Suite("Output of two runs compared")
struct OutputNormalizerTests {
    @Test func `stream IDs are numbered as they appear, so which one repeats still counts`() {
        let lines = ["1718000000000-0 then 1718000000000-1", "again 1718000000000-0"]

        #expect(OutputNormalizer.normalize(lines) == ["<id 1> then <id 2>", "again <id 1>"])
    }

    @Test(arguments: [
        ("took 1.25 ms", "took <duration>"),
        ("(0.3ms)", "(<duration>)"),
        ("340 µs, 2 s", "<duration>, <duration>"),
        ("idle for 12 milliseconds", "idle for <duration>"),
        ("at 14:31:07.123", "at <time>"),
        ("2026-11-21T14:31:07Z", "<time>"),
        ("timestamp 1718000000000", "timestamp <timestamp>"),
        ("http://127.0.0.1:40123/", "http://127.0.0.1:<port>/"),
        ("worker process 4711", "worker process <process>"),
        ("unix:///tmp/redis-x1/redis.sock?db=1", "unix://<path>?db=1"),
        ("Redis 7.0.15, private", "Redis <version>, private"),
        ("id 6F9619FF-8B86-D011-B42D-00C04FC964FF", "id <uuid>"),
        ("  1)  a   b  ", "  1) a b"),
        ("   ", ""),
    ])
    func `what differs from run to run is replaced`(line: String, expected: String) {
        #expect(OutputNormalizer.normalize([line]) == [expected])
    }

    @Test(arguments: ["XADD lesson1 MAXLEN ~ 1000 * a 1", "1) 0-1", "3 entries", "COUNT 10 BLOCK 5000", "5-5"])
    func `the lesson's own numbers stay`(line: String) {
        #expect(OutputNormalizer.normalize([line]) == [line])
    }
}

@Suite("Differences shown to a person")
struct DifferenceTests {
    @Test func `removed and added lines come with their numbers`() {
        #expect(Difference.lines(from: ["a", "b"], to: ["a", "c", "d"]) == "2 - b\n2 + c\n3 + d")
        #expect(Difference.lines(from: ["a"], to: ["a"]).isEmpty)
    }
}
