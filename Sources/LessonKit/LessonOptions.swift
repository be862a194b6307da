public import ArgumentParser
import StreamKit

/// The command-line options that every lesson shares.
///
/// A lesson takes them in with `@OptionGroup var options: LessonOptions`.
public struct LessonOptions: ParsableArguments, Sendable {
    /// The server to use, as a URL; `nil` leaves the choice to the environment.
    @Option(
        name: .customLong("redis"),
        help: ArgumentHelp(
            "The Redis to use: redis://user:password@host:port/db or unix:///path.",
            discussion: "Without it REDIS_URL decides, and without that the lesson starts a private redis-server.",
            valueName: "url"))
    public var redis: String?

    /// Whether the lesson waits for Enter before each step.
    @Flag(help: "Wait for Enter between steps.")
    public var step = false

    /// Whether the explanations are left out.
    @Flag(help: "Show commands, replies and results only, without the explanations.")
    public var quiet = false

    /// Whether colours are off even on a terminal.
    @Flag(help: "No colours, even on a terminal. NO_COLOR=1 does the same.")
    public var noColor = false

    /// Whether the lesson's keys stay in Redis for a look with redis-cli.
    @Flag(help: "Leave the lesson's keys in Redis, for a look with redis-cli.")
    public var keep = false

    /// What ArgumentParser fills in; for options of no command line at all, parse `[]`.
    public init() {}

    /// Refuses a `--redis` that is not a Redis URL, before anything is started.
    ///
    /// - Throws: `ValidationError` that says what is wrong with it.
    public func validate() throws {
        guard let redis else { return }
        do {
            _ = try RedisConfiguration(url: redis)
        } catch {
            // The error names what is wrong with the URL; the URL itself may hold a password.
            throw ValidationError("--redis: \(error)")
        }
    }
}
