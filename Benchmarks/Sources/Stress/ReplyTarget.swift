import FaultKit

@testable import StreamKit

/// The reply decoder: what it reads must not depend on how the bytes were cut, and what is valid must come out
/// as it went in.
struct ReplyTarget: FuzzTarget {
    let name = "replies: valid, refused, unfinished or other"
    private var (valid, refused, other) = (0, 0, 0)
    var figures: String { "\(valid), \(refused), \(other)" }

    mutating func round(_ random: inout SeededGenerator, _ witness: CrashWitness) -> String? {
        var (bytes, shown): ([UInt8], [String]) = ([], [])
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let reply = Bool.random(using: &random) ? Self.reply(depth: 0, &random) : Self.entries(&random)
            bytes += reply.bytes
            shown.append(reply.shown)
        }
        let isMutated = Int.random(in: 0..<4, using: &random) > 0
        if isMutated { Self.mutate(&bytes, &random) }
        witness.see(bytes)
        let whole = Self.decode(bytes, pieces: [bytes.count])
        let cut = Self.decode(bytes, pieces: Self.cuts(bytes.count, &random))
        count(whole, isMutated)
        if whole != cut { return "cut elsewhere, the same bytes gave \(cut), not \(whole)" }
        if !isMutated, whole.replies != shown || whole.isRefused {
            return "a valid reply came out as \(whole.replies), not \(shown)"
        }
        return nil
    }

    private mutating func count(_ decoded: Decoded, _ isMutated: Bool) {
        if decoded.isRefused { refused += 1 } else if isMutated { other += 1 } else { valid += 1 }
    }

    private struct Decoded: Equatable {
        var replies: [String] = []
        var isRefused = false
    }

    private static func decode(_ bytes: [UInt8], pieces: [Int]) -> Decoded {
        let parser = ReplyParser()
        var (decoded, start) = (Decoded(), 0)
        for piece in pieces {
            do {
                let replies = try bytes[start..<start + piece].withUnsafeBytes { try parser.replies(in: $0) }
                decoded.replies += replies.map(use)
            } catch {
                return Decoded(isRefused: true)
            }
            start += piece
        }
        return decoded
    }

    /// Reads a reply in every way there is, whatever it holds.
    private static func use(_ reply: Reply) -> String {
        _ = try? StreamEntry.all(in: reply).map { ($0.description, $0["a"], $0.bytes("b"), $0.rawFields) }
        _ = try? reply.entriesByStream()
        _ = try? reply.entriesOfOneStream()
        _ = (reply.dictionary, reply.integer, reply.text, reply.bytes, reply.elements?.count)
        return reply.description
    }

    private static func cuts(_ count: Int, _ random: inout SeededGenerator) -> [Int] {
        var (rest, pieces) = (count, [Int]())
        while rest > 0 {
            let piece = Int.random(in: 1...min(rest, 24), using: &random)
            pieces.append(piece)
            rest -= piece
        }
        return pieces
    }

    // MARK: Making replies

    private static func reply(depth: Int, _ random: inout SeededGenerator) -> (bytes: [UInt8], shown: String) {
        switch Int.random(in: 0..<(depth < 6 ? 8 : 5), using: &random) {
        case 0: return (Array("$-1\r\n".utf8), "(nil)")
        case 1:
            let number = Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0..<63, using: &random)
            return (Array(":\(number)\r\n".utf8), "(integer) \(number)")
        case 2: return (Array("+OK\r\n".utf8), "OK")
        case 3: return (Array("-ERR no\r\n".utf8), "(error) ERR no")
        case 4:
            let text = (0..<Int.random(in: 0..<20, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            return (Array("$\(text.count)\r\n".utf8) + text + Array("\r\n".utf8), Reply.quoted(text))
        default: return array(depth: depth, &random)
        }
    }

    /// Replies that look like entries and have any values as fields.
    private static func entries(_ random: inout SeededGenerator) -> (bytes: [UInt8], shown: String) {
        let id = "\(random.next() % 100)-\(random.next() % 3)"
        let fields = array(depth: 4, &random)
        let bytes = Array("*1\r\n*2\r\n$\(id.utf8.count)\r\n\(id)\r\n".utf8) + fields.bytes
        let lines = fields.shown.split(separator: "\n", omittingEmptySubsequences: false)
        return (bytes, "1) 1) \"\(id)\"\n   2) " + lines.joined(separator: "\n      "))
    }

    private static func array(depth: Int, _ random: inout SeededGenerator) -> (bytes: [UInt8], shown: String) {
        let elements = (0..<Int.random(in: 0..<5, using: &random)).map { _ in reply(depth: depth + 1, &random) }
        let bytes = Array("*\(elements.count)\r\n".utf8) + elements.flatMap(\.bytes)
        if elements.isEmpty { return (bytes, "(empty array)") }
        let lines = elements.enumerated().map { number, element in
            "\(number + 1)) "
                + element.shown.split(separator: "\n", omittingEmptySubsequences: false)
                .joined(separator: "\n   ")
        }
        return (bytes, lines.joined(separator: "\n"))
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let telling = Array("*$+-:0123456789\r\n".utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[index] = telling.randomElement(using: &random) ?? 0
            case 1: bytes[index] = .random(in: 0...255, using: &random)
            case 2: bytes.remove(at: index)
            case 3: bytes.insert(telling.randomElement(using: &random) ?? 0, at: index)
            default: bytes.removeLast(bytes.count - index)
            }
        }
    }
}
