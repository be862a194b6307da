/// redis-py with hiredis' parser, the usual client of the Python programs that share our streams.
enum RedisPy {
    static let isInstalled = Program.succeeds(["python3", "-c", "import redis, hiredis"])

    static func appendsPerSecond(_ transport: Transport, key: String, count: Int, batch: Int) async throws -> Double {
        let address = transport.path.map { "unix_socket_path='\($0)'" } ?? "port=\(transport.port)"
        let program = """
            import redis, time
            client = redis.Redis(\(address))
            fields = {\(payloadPairs.map { "'\($0.0)': '\($0.1)'" }.joined(separator: ", "))}
            def append(to):
                to.xadd('\(key)', fields, maxlen=10000, approximate=True)
            client.ping()
            start = time.perf_counter()
            for _ in range(\(count) // \(batch)):
                if \(batch) == 1:
                    append(client)
                else:
                    pipeline = client.pipeline(transaction=False)
                    for _ in range(\(batch)):
                        append(pipeline)
                    pipeline.execute()
            print(\(count) / (time.perf_counter() - start))
            """
        let output = await Program.output(of: ["python3", "-c", program])
        guard let rate = output.flatMap({ Double($0.filter { !$0.isNewline }) }) else {
            throw LimitFailed(description: "redis-py is installed, but its program failed.")
        }
        return rate
    }
}
