// The task: what a producer writes into the queue as JSON.
// Run:    ./lesson 3
// Expect: {"data":{"payload":{"file":"data.csv"},"type":"process_data"},"id":1}

import Foundation
import StreamKit

// snippet: task
struct LessonTask: Codable, Sendable {
    var id: Int
    var data: Job

    struct Job: Codable, Sendable {
        var type: String
        var payload: [String: String]
    }
}
// end snippet

extension LessonTask {
    static func processData(id: Int) -> LessonTask {
        LessonTask(id: id, data: Job(type: "process_data", payload: ["file": "data.csv"]))
    }

    static func sendEmail(id: Int) -> LessonTask {
        LessonTask(id: id, data: Job(type: "send_email", payload: ["to": "user@example.com"]))
    }

    static func broken(id: Int) -> LessonTask {
        LessonTask(id: id, data: Job(type: "process_data", payload: ["file": "missing.csv"]))
    }

    init(json: String) throws {
        self = try JSONDecoder().decode(LessonTask.self, from: Data(json.utf8))
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension LessonTask.Job {
    /// Reads the tasks of other producers too, whose payload may have any shape: this work needs none but `file`.
    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        type = try fields.decode(String.self, forKey: .type)
        payload = (try? fields.decode([String: String].self, forKey: .payload)) ?? [:]
    }
}

extension Redis {
    /// The next task's ID (INCR).
    func newTaskID(_ keys: Keys = .lesson) async throws -> Int {
        let reply = try await send("INCR", keys.counter)
        guard let id = reply.integer else { throw StreamKitError.unexpectedReply("INCR answered \(reply)") }
        return id
    }
}
