/// Why a lesson cannot go on, in words for the learner; it ends the program with exit code 1.
public struct LessonProblem: Error, CustomStringConvertible {
    /// What is wrong, and what to do next.
    public let description: String

    /// A problem told in a sentence or two.
    public init(_ description: String) {
        self.description = description
    }
}
