import HTTPTypes
import Hummingbird

/// The routes of the instructor's panel: they exist only where there is a ``Lab``.
struct LabRoutes: Sendable {
    let lab: any Lab

    var routes: [Route] {
        [
            Route(.get, "/api/lab") { request, _, _ in
                let known = request.uri.queryParameters["after"].flatMap { Int($0) } ?? 0
                return .json(try await lab.report(commandsAfter: known))
            },
            Route(.post, "/api/lab/workers") { _, _, _ in try await perform(.startWorker) },
            Route(.post, "/api/lab/workers/{process}/{action}") { _, parameters, _ in
                try await perform(try action(parameters[1], on: parameters[0]))
            },
            Route(.post, "/api/lab/redis/restart") { _, _, _ in try await perform(.restartRedis) },
        ]
    }

    private func action(_ name: String, on process: String) throws -> LabAction {
        guard let process = Int32(process) else {
            throw Problem.badRequest("malformed_process", "'\(process)' is not a process ID. GET /api/lab lists them.")
        }
        switch name {
        case "kill": return .killWorker(process)
        case "pause": return .pauseWorker(process)
        case "resume": return .resumeWorker(process)
        default:
            throw Problem.notFound("unknown_action", "A worker cannot '\(name)'. Use kill, pause or resume.")
        }
    }

    private func perform(_ action: LabAction) async throws -> Response {
        do {
            try await lab.perform(action)
        } catch let error as LabError {
            throw Problem(status: .conflict, code: "lab_refused", message: error.description)
        }
        return .json(Done())
    }

    private struct Done: Encodable {
        let status = "done"
    }
}
