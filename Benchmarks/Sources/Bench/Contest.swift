import Foundation
import StreamKit

/// Something that is measured again and again.
struct Sampler {
    let name: String
    let unit: String
    /// How often it runs in a round.
    let turns: Int
    let sample: () async throws -> Double
}

/// Which sampler's figure is set against which other's, and what ratio it must reach.
struct Comparison {
    let subject: String
    let against: String
    var bar: Bar?
}

/// The ratio a comparison must reach, or must not exceed.
enum Bar {
    case atLeast(Double)
    case atMost(Double)

    var value: Double {
        switch self {
        case .atLeast(let value), .atMost(let value): value
        }
    }

    func isMet(by ratio: Double) -> Bool {
        switch self {
        case .atLeast(let value): ratio >= value
        case .atMost(let value): ratio <= value
        }
    }
}

/// A figure of StreamKit, and how it compares.
struct Row {
    let name: String
    let value: Double
    let unit: String
    var against: String?
    /// The figure it is compared with.
    var limit: Double?
    var bar: Bar?

    /// `nil` if there is nothing to compare with, or if a limit is too small to be measured.
    var ratio: Double? { limit.flatMap { $0 > 0 ? value / $0 : nil } }
    var meetsBar: Bool? { ratio.flatMap { ratio in bar.map { $0.isMet(by: ratio) } } }
}

/// All that is measured over one transport.
struct Contest {
    let transport: Transport
    private(set) var samplers: [Sampler] = []
    private(set) var comparisons: [Comparison] = []
    private var setUp: [() async throws -> Void] = []

    init(_ transport: Transport) {
        self.transport = transport
        addAppends()
        addReads()
        addConsumers()
        addFollowers()
    }

    mutating func sample(
        _ name: String, _ unit: String, turns: Int = 1, _ body: @escaping () async throws -> Double
    ) {
        samplers.append(Sampler(name: name, unit: unit, turns: turns, sample: body))
    }

    mutating func compare(_ subject: String, with against: String, _ bar: Bar? = nil) {
        comparisons.append(Comparison(subject: subject, against: against, bar: bar))
    }

    /// Runs every sampler in turns, one after the other, so that a slow moment of the machine hits all alike.
    mutating func rows(rounds: Int, filter: String?) async throws -> [Row] {
        let wanted = comparisons.filter { comparison in
            filter.map { "\(comparison.subject), \(transport.name)".contains($0) } ?? true
        }
        let names = Set(wanted.flatMap { [$0.subject, $0.against] })
        let running = samplers.filter { names.contains($0.name) }
        var samples: [String: [Double]] = [:]
        for round in 1...rounds {
            for sampler in running.inTurns {
                Report.progress("\(transport.name), round \(round) of \(rounds): \(sampler.name)")
                samples[sampler.name, default: []].append(try await sampler.sample())
            }
        }
        Report.progress(nil)
        let units = Dictionary(uniqueKeysWithValues: running.map { ($0.name, $0.unit) })
        return wanted.compactMap { comparison in
            guard let values = samples[comparison.subject], let limits = samples[comparison.against] else { return nil }
            return Row(
                name: "\(comparison.subject), \(transport.name)", value: median(values),
                unit: units[comparison.subject] ?? "", against: comparison.against, limit: median(limits),
                bar: comparison.bar)
        }
    }
}

extension [Sampler] {
    /// Each sampler as often as it should run in a round; those with several turns alternate.
    fileprivate var inTurns: [Sampler] {
        (0..<(map(\.turns).max() ?? 0)).flatMap { turn in filter { turn < $0.turns } }
    }
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
