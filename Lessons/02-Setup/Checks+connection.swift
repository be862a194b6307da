// What the doctor checks about the connection: answers, speed, encryption, newer commands.

import LessonKit
import StreamKit

/// PING, and how long it takes in the middle of fifty.
func checkAnswer(_ redis: Redis) async throws -> Finding {
    do {
        var times: [Duration] = []
        for _ in 1...50 {
            times.append(try await ContinuousClock().measure { _ = try await redis.send("PING") })
        }
        let median = times.sorted()[times.count / 2]
        let found = "PONG in \(Seconds(median)) (the middle of \(times.count))"
        guard median > .milliseconds(5) else { return .fine("Answers", found) }
        return .warning("Answers", found, fix: "that is far away for a live stream; use a Redis in the same region.")
    } catch let error as StreamKitError {
        let lines = error.description.split(separator: "\n", maxSplits: 1).map(String.init)
        return .wrong("Answers", lines[0], fix: lines.count > 1 ? lines[1] : usualFix(error))
    }
}

private func usualFix(_ error: StreamKitError) -> String {
    switch error {
    case .timedOut: "wait until it has loaded its data or is less busy, or correct --redis."
    case .cannotConnect(let text) where text.hasPrefix("Cannot connect"): "start the server, or correct --redis."
    default: "correct --redis or REDIS_URL."
    }
}

/// Newer commands do the library's work in fewer steps; it manages without.
func checkNewerCommands(_ redis: Redis) async -> Finding {
    guard let capabilities = try? await redis.capabilities(), capabilities.isKnown else {
        return .note("Newer commands", "this user is not allowed to ask (COMMAND INFO); StreamKit uses none of them")
    }
    let used: [ServerCapabilities.Feature] = [.acknowledgeAndDelete, .claimingRead, .idempotentAppend]
    let native = used.filter(capabilities.supports).map(\.rawValue)
    let portable = used.filter { !capabilities.supports($0) }.map(\.rawValue)
    let parts = [
        native.isEmpty ? nil : "\(native.joined(separator: ", ")) used as they are",
        portable.isEmpty ? nil : "\(portable.joined(separator: ", ")) replaced by older commands",
    ]
    return .note("Newer commands", parts.compactMap { $0 }.joined(separator: "; "))
}

func checkTransport(_ configuration: RedisConfiguration) -> Finding {
    switch configuration.endpoint {
    case .unix: return .fine("Transport", "a unix socket: nothing leaves this machine")
    case .tcp where configuration.usesTLS && configuration.tls.verification != .full:
        return .warning(
            "Transport", "encrypted with TLS, but the server's certificate or its name is not verified",
            fix: "leave insecure=true away, and name its authority with ?cacert=/path/ca.crt in the URL.")
    case .tcp where configuration.usesTLS: return .fine("Transport", "encrypted with TLS, the server's name verified")
    case .tcp("localhost", _), .tcp("127.0.0.1", _), .tcp("::1", _):
        return .fine("Transport", "TCP without TLS, on this machine only")
    case .tcp:
        return .warning(
            "Transport", "TCP without TLS: password and data can be read on the way",
            fix: "use a rediss:// URL, or make sure that nobody else can read this network.")
    }
}
