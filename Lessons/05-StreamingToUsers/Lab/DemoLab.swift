// What an instructor looks at and breaks with `serve --lab`: two workers, and a Redis that keeps what it is told.
// Run:    ./lesson 5 serve --lab
// Expect: a third column on the page, with buttons that kill workers and crash Redis.

import Foundation
import LocalRedis
import StreamKit
import StreamServer

actor DemoLab: Lab {
    private let local: LocalRedis
    /// A client of its own over TCP, so that its commands can be told from those that the lesson is about.
    private let redis: Redis
    private let feed: CommandFeed
    private let model: String
    private var workers: [LabWorker] = []

    init(_ local: LocalRedis, redis: Redis, feed: CommandFeed, model: String) {
        self.local = local
        self.redis = redis
        self.feed = feed
        self.model = model
    }

    func report(commandsAfter command: Int) async throws -> LabReport {
        let holdings = local.processID == nil ? nil : try? await RedisHoldings(of: redis)
        return LabReport(
            workers: workers.map(\.report), isRedisUp: holdings != nil, streams: holdings?.streams ?? [],
            deadLetters: holdings?.deadLetters ?? 0, commands: feed.commands(after: command))
    }

    func perform(_ action: LabAction) async throws {
        switch action {
        case .startWorker: try startWorker()
        case .killWorker(let process): try worker(process).die()
        case .pauseWorker(let process): try worker(process).pause()
        case .resumeWorker(let process): try worker(process).resume()
        case .restartRedis: try await restartRedis()
        }
    }

    func startWorker() throws {
        guard workers.count(where: { $0.isRunning }) < 8 else {
            throw LabError("Eight workers are running. Kill one first.")
        }
        // The dead are shown while there is place for them.
        if workers.count > 8 { workers.removeAll { !$0.isRunning } }
        workers.append(try LabWorker(redis: "unix://\(local.socket)", model: model))
    }

    func end() {
        for worker in workers { worker.die() }
    }

    private func worker(_ process: Int32) throws -> LabWorker {
        guard let worker = workers.first(where: { $0.id == process && $0.isRunning }) else {
            throw LabError("There is no running worker \(process).")
        }
        return worker
    }

    /// A crash, not a shutdown; what the workers and the page make of the second without Redis can be watched.
    private func restartRedis() async throws {
        guard local.processID != nil else { throw LabError("Redis is being restarted already.") }
        await local.kill()
        try await Task.sleep(for: .seconds(1))
        try await local.restart()
    }
}
