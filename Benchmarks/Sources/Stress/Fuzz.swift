// Feeds the reply decoder and the parsers of IDs and URLs with input that nobody would send.
// Run:    ./lesson stress fuzz --seed 42
// Expect: no crash and no disagreement; an input that crashed it is left in the file it names at the start.

import ArgumentParser
import FaultKit
import Foundation

struct Fuzz: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Feed decoder and parsers with generated input; the seed makes a run repeatable.")

    @Option(help: "How long, in seconds.") var seconds = 60
    @Option(help: "The generator's seed; a random one if left out.") var seed: UInt64?
    @Option(help: "Where the input under test is kept, so that a crash leaves it there.")
    var input = "fuzz-input.bin"

    func run() async throws {
        let seed = seed ?? .random(in: 0...UInt64(UInt32.max))
        say("  seed \(seed); the input of a crash is left in \(input)")
        var random = SeededGenerator(seed: seed)
        let witness = try CrashWitness(path: input)
        var targets: [any FuzzTarget] = [ReplyTarget(), EntryIDTarget(), URLTarget()]
        let end = ContinuousClock.now + .seconds(seconds)
        var (rounds, disagreement): (Int, String?) = (0, nil)
        while ContinuousClock.now < end, disagreement == nil {
            for index in targets.indices {
                for _ in 0..<100 where disagreement == nil {
                    disagreement = targets[index].round(&random, witness)
                    rounds += 1
                }
            }
        }
        var verdict = Verdict()
        verdict.figure("inputs", rounds)
        for target in targets { verdict.figure(target.name, target.figures) }
        verdict.check(disagreement == nil, disagreement ?? "no input crashed or was read in two ways")
        if disagreement == nil { witness.remove() }
        try verdict.conclude()
    }
}

/// A target that takes input, and can say what is wrong with the result.
protocol FuzzTarget {
    var name: String { get }
    var figures: String { get }
    /// Generates one input, gives it to the witness and tries it.
    /// - Returns: what is wrong, or nil.
    mutating func round(_ random: inout SeededGenerator, _ witness: CrashWitness) -> String?
}
