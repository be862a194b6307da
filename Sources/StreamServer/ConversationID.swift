import AgentRuns

/// The name of a conversation, checked: it becomes part of a Redis key and of a URL.
///
/// Braces in particular stay out, since they would move the key to another slot of a Redis Cluster. So do `.` and
/// `..`, which no client could send in a path.
struct ConversationID: Hashable, Sendable {
    let text: String

    /// A new name that nobody can guess.
    init() {
        text = RandomID().uuid
    }

    /// The name a client sent, or nil if it cannot be one.
    init?(_ text: String) {
        let isFine = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isFine, (1...128).contains(text.utf8.count), text != ".", text != ".." else { return nil }
        self.text = text
    }
}
