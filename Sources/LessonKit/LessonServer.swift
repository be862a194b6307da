import StreamKit

/// The server of a lesson, and whether it ends with the lesson.
struct LessonServer {
    var configuration: RedisConfiguration
    var isPrivate: Bool
}
