import DequeModule

/// The newest part of a log, without a gap: everything after ``start``, up to ``end``.
///
/// Its readers keep a position and nothing else. One whose position lies before the start has fallen behind, and must
/// read what it missed elsewhere.
package struct RecentWindow<Element: Sendable>: Sendable {
    private struct Item {
        let id: StreamID
        let element: Element
        let size: Int
    }

    /// The position from which the window knows everything.
    package private(set) var start: StreamID
    /// The newest position that the window knows of.
    package private(set) var end: StreamID
    private var items: Deque<Item> = []
    private var size = 0
    private let maximumSize: Int

    /// An empty window that continues from a position, for elements of a total size.
    package init(at position: StreamID, maximumSize: Int) {
        (start, end) = (position, position)
        self.maximumSize = maximumSize
    }

    /// Adds the next element, and drops the oldest ones if it becomes too large.
    package mutating func append(_ element: Element, id: StreamID, size: Int) {
        items.append(Item(id: id, element: element, size: size))
        self.size += size
        end = id
        while self.size > maximumSize, let oldest = items.popFirst() {
            self.size -= oldest.size
            start = oldest.id
        }
    }

    /// Whether a reader at this position finds here all that comes next.
    package func covers(_ position: StreamID) -> Bool { position >= start }

    /// The elements after a position that the window covers, oldest first.
    package func elements(after position: StreamID, limit: Int = .max) -> [Element] {
        guard position < end else { return [] }
        return items[firstIndex(after: position)...].prefix(limit).map(\.element)
    }

    /// Drops all elements; readers at the end go on from there.
    package mutating func forget() {
        items.removeAll()
        (size, start) = (0, end)
    }

    private func firstIndex(after position: StreamID) -> Int {
        var (low, high) = (0, items.count)
        while low < high {
            let middle = (low + high) / 2
            if items[middle].id <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
