import Foundation

/// redis-benchmark, the fastest client there is: it sends ready-made bytes and skips over the replies.
enum RedisBenchmark {
    static func appendsPerSecond(_ transport: Transport, key: String, count: Int) async throws -> Double {
        let address = transport.path.map { ["-s", $0] } ?? ["-h", "127.0.0.1", "-p", String(transport.port)]
        let command =
            ["XADD", key, "MAXLEN", "~", "10000", "*"] + payloadPairs.flatMap { [$0.0, $0.1] }
        let options = ["-c", "1", "-P", "256", "-n", String(count), "--csv"]
        let output = await Program.output(of: ["redis-benchmark"] + address + options + command)
        // The last line: "the command","508905.84","0.456",…
        let columns = output?.split(separator: "\n").last?.components(separatedBy: "\",\"") ?? []
        guard columns.count > 1, let rate = Double(columns[1]) else {
            throw LimitFailed(description: "redis-benchmark did not run, or printed something new: \(output ?? "")")
        }
        return rate
    }
}
