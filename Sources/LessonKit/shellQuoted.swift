/// A word as one types it in a shell, in single quotes where it needs any.
///
/// - Parameter word: a path, a name, a URL.
/// - Returns: text that a POSIX shell reads as exactly this word.
public func shellQuoted(_ word: String) -> String {
    let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_@%+=:,./-".utf8.contains(byte)
            }
        }
    return isPlain ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
}
