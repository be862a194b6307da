import Foundation

/// What another task queue on Redis reached, as `rivals.py` measured it.
struct Rival {
    let name: String
    let enqueued: Double
    let processed: Double

    /// The queues that this Python has installed; none without a Python.
    static func all(python: String?, tasks: Int, port: Int) async throws -> [Rival] {
        guard let python else { return [] }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("rivals.py")
        let words = [python, script.path, "redis://127.0.0.1:\(port)", String(tasks)]
        guard let output = await Program.output(of: words) else {
            throw LimitFailed(description: "\(words.joined(separator: " ")) failed.")
        }
        return output.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 3, let enqueued = Double(words[1]), let processed = Double(words[2]) else {
                return nil
            }
            return Rival(name: String(words[0]), enqueued: enqueued, processed: processed)
        }
    }
}
