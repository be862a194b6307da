import AgentKit
import AgentRuns
import ArgumentParser
import Foundation
import StreamKit

/// The hidden subcommand in which a worker process of `runs` lives, no longer than the process that started it.
struct RunsCrashWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "runs-worker", shouldDisplay: false)
    @Argument var name: String
    @Argument var words: Int
    @Argument var pace: Int

    func run() async throws {
        guard let configuration = try RedisConfiguration.fromEnvironment() else { throw ExitCode.failure }
        let parent = getppid()
        let storyteller = Storyteller(story: Story(words: words), pace: .milliseconds(pace))
        try await withRedis(configuration) { redis in
            async let _: Void = exitWith(parent)
            try await AgentWorker(runs: StoryRuns.service(redis), agents: [storyteller], name: name).run()
        }
    }

    private func exitWith(_ parent: pid_t) async throws {
        while getppid() == parent { try await Task.sleep(for: .seconds(1)) }
        Foundation.exit(EXIT_FAILURE)
    }
}

/// The service for runs, as the workers and the program that kills them see it.
enum StoryRuns {
    static func service(_ redis: Redis) -> AgentRuns {
        var options = TaskQueueOptions()
        options.lease = .seconds(3)
        options.sweepInterval = .milliseconds(500)
        return AgentRuns(redis: redis, options: options)
    }
}
