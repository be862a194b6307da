import LessonKit

/// One thing that the doctor looked at, and what to do about it.
struct Finding {
    enum Level { case fine, note, warning, unknown, wrong }

    var level: Level
    var subject: String
    var found: String
    /// What to do; every warning, everything unknown and everything wrong has one.
    var fix: String?

    static func fine(_ subject: String, _ found: String) -> Finding {
        Finding(level: .fine, subject: subject, found: found)
    }

    static func note(_ subject: String, _ found: String) -> Finding {
        Finding(level: .note, subject: subject, found: found)
    }

    static func warning(_ subject: String, _ found: String, fix: String) -> Finding {
        Finding(level: .warning, subject: subject, found: found, fix: fix)
    }

    /// The lessons may run or not: this server does not say.
    static func unknown(_ subject: String, _ found: String, fix: String) -> Finding {
        Finding(level: .unknown, subject: subject, found: found, fix: fix)
    }

    static func wrong(_ subject: String, _ found: String, fix: String) -> Finding {
        Finding(level: .wrong, subject: subject, found: found, fix: fix)
    }
}

extension Finding {
    /// Prints the finding, and its fix below it.
    func show(_ narrator: Narrator) {
        let mark: Narrator.Mark =
            switch level {
            case .fine: .good
            case .note: .neutral
            case .warning: .warning
            case .unknown: .unknown
            case .wrong: .bad
            }
        narrator.show(mark, "\(subject): \(found)", hint: fix.map { "Fix: \($0)" })
    }
}

/// Whether the lessons would run.
enum Verdict {
    case ready, unknown, notReady

    init(_ findings: [Finding]) {
        if findings.contains(where: { $0.level == .wrong }) {
            self = .notReady
        } else {
            self = findings.contains { $0.level == .unknown } ? .unknown : .ready
        }
    }
}

/// The last line of an examination.
func showSummary(of findings: [Finding], _ narrator: Narrator) {
    switch Verdict(findings) {
    case .notReady: narrator.say("Not ready yet: what is marked with `✗` has to be fixed first.")
    case .unknown: narrator.say("Could not find out whether the lessons would run: see what is marked with `?`.")
    case .ready where findings.contains { $0.level == .warning }:
        narrator.say("Ready for the lessons. Before production, look at what is marked with `!`.")
    case .ready: narrator.say("All is well: this Redis is ready for the lessons.")
    }
}
