import LessonKit

/// One thing that the doctor looked at, and what to do about it.
struct Finding {
    enum Level { case fine, note, warning, wrong }

    var level: Level
    var subject: String
    var found: String
    /// What to do; every warning and everything wrong has one.
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
            case .wrong: .bad
            }
        narrator.show(mark, "\(subject): \(found)", hint: fix.map { "Fix: \($0)" })
    }
}

/// The last line of an examination.
func showSummary(of findings: [Finding], _ narrator: Narrator) {
    let wrong = findings.count { $0.level == .wrong }
    let warnings = findings.count { $0.level == .warning }
    switch (wrong, warnings) {
    case (0, 0): narrator.say("All is well: this Redis is ready for the lessons.")
    case (0, _): narrator.say("Ready for the lessons. Before production, look at what is marked with `!`.")
    default: narrator.say("Not ready yet: what is marked with `✗` has to be fixed first.")
    }
}
