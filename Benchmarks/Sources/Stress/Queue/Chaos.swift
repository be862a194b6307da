import LocalRedis
import Foundation
import StreamKit
import Synchronization

/// Worker processes that are killed and replaced, and the times of their deaths.
final class Chaos: Sendable {
    private struct State {
        var running: [(name: String, process: Process)] = []
        /// Milliseconds since the epoch by which a worker was certainly dead.
        var deaths: [String: UInt64] = [:]
        var started = 0
        var restarts = 0
        var isOver = false
    }

    private let state: Mutex<State>
    private let socket: String
    /// The arguments that make a process of this program the worker of that name.
    private let arguments: @Sendable (_ name: String) -> [String]
    /// A library that puts a process's clock forward.
    private let skewer: String?

    init(
        socket: String, workers: Int, skewer: String? = nil, arguments: @escaping @Sendable (_ name: String) -> [String]
    ) {
        self.socket = socket
        self.arguments = arguments
        self.skewer = skewer
        state = Mutex(State())
        for _ in 0..<workers { startWorker() }
    }

    var kills: Int { state.withLock { $0.deaths.count } }
    var restarts: Int { state.withLock { $0.restarts } }

    func death(of worker: String) -> UInt64? { state.withLock { $0.deaths[worker] } }

    func killWorkers(every interval: Duration) async throws {
        while true {
            try await Task.sleep(for: interval)
            killOne()
            startWorker()
        }
    }

    /// Spreads the restarts evenly over the first half minute.
    func restart(_ server: LocalRedis, times: Int) async throws {
        for _ in 0..<times {
            try await Task.sleep(for: .seconds(4))
            await server.kill()
            try await server.restart()
            state.withLock { $0.restarts += 1 }
        }
    }

    func end() {
        let running = state.withLock { state in
            state.isOver = true
            defer { state.running = [] }
            return state.running
        }
        for (_, process) in running { Self.kill(process) }
    }

    private func startWorker() {
        state.withLock { state in
            guard !state.isOver else { return }
            state.started += 1
            let name = "worker-\(state.started)"
            let process = Process()
            var environment = ["REDIS_URL": "unix://\(socket)"]
            if let skewer, state.started.isMultiple(of: 2) {
                // A machine with a wrong clock still counts the seconds since its start correctly.
                let skew = ["LD_PRELOAD": skewer, "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"]
                environment.merge(skew) { $1 }
            }
            // The worker is started by env: libfaketime moves the environment of the first process that it enters,
            // and Swift looks for the arguments next to it.
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [Bundle.main.executablePath ?? ""] + arguments(name)
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            do {
                try process.run()
                state.running.append((name, process))
            } catch {
                print("could not start \(name): \(error)")
            }
        }
    }

    private func killOne() {
        let victim = state.withLock { state -> (name: String, process: Process)? in
            guard !state.running.isEmpty else { return nil }
            return state.running.remove(at: .random(in: state.running.indices))
        }
        guard let victim else { return }
        // It cannot have done anything after this, and workers that have its tasks later hold them rightly.
        let latest = UInt64(Date().timeIntervalSince1970 * 1000)
        Self.kill(victim.process)
        state.withLock { $0.deaths[victim.name] = latest }
    }

    private static func kill(_ process: Process) {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
