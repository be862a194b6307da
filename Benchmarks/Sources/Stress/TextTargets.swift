import FaultKit
import StreamKit

/// Stream IDs: an ID that was read must be written as the same ID, and nothing else is an ID.
struct EntryIDTarget: FuzzTarget {
    let name = "IDs: read, refused"
    private var (read, refused) = (0, 0)
    var figures: String { "\(read), \(refused)" }

    mutating func round(_ random: inout SeededGenerator, _ witness: CrashWitness) -> String? {
        let text = Text.random(from: "0123456789--18446744073709551615 +x\0é", upTo: 45, &random)
        witness.see(Array(text.utf8))
        let expected = Self.expected(text)
        let id = StreamID(text)
        if id == nil { refused += 1 } else { read += 1 }
        guard id == expected else { return "'\(text)' was read as \(String(describing: id))" }
        guard let id else { return nil }
        return StreamID(id.description) == id ? nil : "\(id) is not what it says it is"
    }

    /// Reads the same by the rules, without optimisations.
    private static func expected(_ text: String) -> StreamID? {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = parts.map { part in
            part.utf8.allSatisfy { (48...57).contains($0) } && !part.isEmpty ? UInt64(part) : nil
        }
        guard let first = numbers[0] else { return nil }
        if numbers.count == 1 { return StreamID(milliseconds: first) }
        return numbers[1].map { StreamID(milliseconds: first, sequence: $0) }
    }
}

/// Redis URLs: any text is read or refused, and neither shows a password.
struct URLTarget: FuzzTarget {
    let name = "URLs: read, refused"
    private var (read, refused) = (0, 0)
    var figures: String { "\(read), \(refused)" }
    private static let password = "SECRET7"

    mutating func round(_ random: inout SeededGenerator, _ witness: CrashWitness) -> String? {
        let schemes = ["redis://", "rediss://", "unix://", "redis:", "REDIS://", "http://", ""]
        let scheme = schemes.randomElement(using: &random) ?? ""
        let user =
            Bool.random(using: &random) ? "" : Text.random(from: "ann%40:é", upTo: 4, &random) + ":\(Self.password)@"
        let rest = Text.random(from: "localhost127.0.0.1[::1]:6379/0?db=1&%2F#é \0@", upTo: 30, &random)
        let url = scheme + user + rest
        witness.see(Array(url.utf8))
        let shown: String
        do {
            shown = "\(try RedisConfiguration(url: url))"
            read += 1
        } catch let error as StreamKitError {
            shown = error.description
            refused += 1
        } catch {
            return "'\(url)' was refused with \(error)"
        }
        return shown.contains(Self.password) ? "'\(url)' showed its password: \(shown)" : nil
    }
}

private enum Text {
    static func random(from alphabet: String, upTo length: Int, _ random: inout SeededGenerator) -> String {
        let characters = Array(alphabet)
        return String(
            (0..<Int.random(in: 0...length, using: &random)).compactMap { _ in characters.randomElement(using: &random)
            })
    }
}
