/// Ends a wait of a demo that takes longer than it ever should, for example because Redis takes no further connection.
///
/// - Parameters:
///   - limit: how long the body may take.
///   - what: what it waits for, to finish the sentence "Waited in vain for …".
///   - body: what waits.
/// - Returns: what the body returns.
/// - Throws: a ``LessonProblem`` when the time is up, or what the body throws.
public func withTimeLimit<R: Sendable>(
    _ limit: Duration = .seconds(60), waitingFor what: String, _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
    try await withCompanion {
        try await Task.sleep(for: limit)
        throw LessonProblem(
            "Waited \(Seconds(limit)) in vain for \(what). "
                + "To see whether this Redis is fit for the lessons: \(LessonCommand.typing(2, "doctor"))")
    } _: {
        try await body()
    }
}
