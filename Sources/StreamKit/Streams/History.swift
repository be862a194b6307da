/// The newest IDs that a reader saw.
struct History {
    private let most: Int
    private var ids: [StreamID] = []

    init(most: Int) {
        self.most = most
    }

    mutating func note(_ entries: some Collection<StreamEntry>) {
        ids.removeFirst(max(0, min(ids.count, ids.count + entries.count - most)))
        ids += entries.lazy.map(\.id)
    }

    mutating func note(_ id: StreamID) {
        ids.append(id)
    }

    func knows(_ id: StreamID) -> Bool { ids.contains(id) }
}
