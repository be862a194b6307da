// Set-up: is this Redis fit for streams? And the two habits that keep streams healthy.
// Run:    ./lesson 2
// Expect: an examination of your Redis, a consumer that dies, and a stream that stays small.

import ArgumentParser
import LessonKit
import StreamKit

@main
struct Setup: LessonProgram {
    static let configuration = CommandConfiguration(
        commandName: LessonCommand.name(of: 2),
        abstract: "Lesson 2: check your Redis, share work in a group, keep a stream small.",
        subcommands: [DemoCommand.self, DoctorCommand.self, GroupsCommand.self, TrimmingCommand.self],
        defaultSubcommand: DemoCommand.self)
}

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "The whole lesson: doctor, groups, trimming.")

    @OptionGroup var options: LessonOptions

    func run() async throws {
        let narrator = Narrator(options)
        _ = try await examine(options)
        narrator.separate()
        try await showGroups(options)
        narrator.separate()
        try await showTrimming(options)
        narrator.separate()
        let next = LessonCommand.typing(3)
        narrator.say("Next: `\(next)` puts a task queue on a stream, and kills a worker in the middle of a task.")
    }
}

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check a Redis for streams; changes nothing. Exit code 0 only if the lessons would run.")

    @OptionGroup var options: LessonOptions

    @Flag(name: .customLong("private"), help: "Examine a private server, even if one listens on localhost:6379.")
    var onlyPrivate = false

    func run() async throws {
        let verdict = try await examine(options, onlyPrivate: onlyPrivate)
        if verdict != .ready { throw ExitCode.failure }
    }
}

struct GroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "Two consumers share work; one dies, the other takes over.")

    @OptionGroup var options: LessonOptions

    func run() async throws { try await showGroups(options) }
}

struct TrimmingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trimming", abstract: "Keep a stream small: by length, by age, exactly or nearly.")

    @OptionGroup var options: LessonOptions

    func run() async throws { try await showTrimming(options) }
}
