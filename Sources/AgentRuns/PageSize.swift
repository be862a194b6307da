import StreamKit

/// How many entries a follower reads at once, so that what it holds takes about 64 KB however large entries are.
struct PageSize: Sendable {
    /// The most entries of the next page.
    ///
    /// It begins small, and at most doubles, because the next entries may be larger than those before.
    private(set) var entries = 4

    private static let bytes = 64 << 10
    private static let mostEntries = 256

    /// Expects entries as large as those of a page.
    mutating func learn(from page: [StreamEntry]) {
        guard !page.isEmpty else { return }
        let bytes = page.reduce(0) { $0 + $1.byteCount }
        entries = max(1, min(Self.bytes * page.count / max(1, bytes), entries * 2, Self.mostEntries))
    }
}
