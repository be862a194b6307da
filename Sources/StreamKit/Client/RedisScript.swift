/// A Lua script, known to the server by its digest once it ran there.
///
/// Source: <https://redis.io/docs/latest/develop/programmability/eval-intro/>
public struct RedisScript: Sendable {
    /// The script's text.
    public let source: String
    /// The SHA-1 of the text, in lower-case hexadecimal digits.
    public let digest: String

    /// Prepares a script from an embedded file.
    package init(file: [UInt8]) {
        self.init(String(decoding: file, as: UTF8.self))
    }

    /// Prepares a script; nothing is sent yet.
    public init(_ source: String) {
        self.source = source
        digest = SHA1.hexDigest(of: source)
    }
}

/// SHA-1, only as the name that EVALSHA wants; nothing here relies on it for security.
///
/// Written out because a cryptography package would be StreamKit's largest dependency, for this alone.
/// Source: RFC 3174.
enum SHA1 {
    static func hexDigest(of text: String) -> String {
        var message = Array(text.utf8)
        let bitCount = UInt64(message.count) * 8
        message.append(0x80)
        while message.count % 64 != 56 { message.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            message.append(UInt8(truncatingIfNeeded: bitCount >> shift))
        }
        var hash: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        for start in stride(from: 0, to: message.count, by: 64) { mix(message[start..<start + 64], into: &hash) }
        return hash.map(\.hexDigits).joined()
    }

    private static func mix(_ block: ArraySlice<UInt8>, into hash: inout [UInt32]) {
        var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { index in
            block[index..<index + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<80 {
            words.append(rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1))
        }
        var (a, b, c, d, e) = (hash[0], hash[1], hash[2], hash[3], hash[4])
        for (index, word) in words.enumerated() {
            let (f, k): (UInt32, UInt32) =
                switch index {
                case 0..<20: ((b & c) | (~b & d), 0x5A82_7999)
                case 20..<40: (b ^ c ^ d, 0x6ED9_EBA1)
                case 40..<60: ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC)
                default: (b ^ c ^ d, 0xCA62_C1D6)
                }
            (a, b, c, d, e) = (rotate(a, 5) &+ f &+ e &+ k &+ word, a, rotate(b, 30), c, d)
        }
        for (index, value) in [a, b, c, d, e].enumerated() { hash[index] &+= value }
    }

    private static func rotate(_ value: UInt32, _ bits: UInt32) -> UInt32 {
        value << bits | value >> (32 - bits)
    }
}
