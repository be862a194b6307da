/// Puts tool calls together from pieces that arrive mixed, by their `index`.
///
/// Services keep to that index to different degrees. An ID may come late, be repeated in each piece, be the same for
/// two calls, or be missing; the index may be missing, or 0 for every call.
struct ToolCallAssembly: Hashable, Sendable {
    private struct Slot: Hashable, Sendable {
        var index: Int
        var id = ""
        var name = ""
        var arguments = ""
    }

    private var slots: [Slot] = []

    var isEmpty: Bool { slots.isEmpty }

    /// Adds a piece to the call that it belongs to.
    mutating func add(index: Int?, id: String?, name: String?, arguments: String?) {
        let (id, name) = (id ?? "", name ?? "")
        let place = place(index, id, name)
        if slots[place].id.isEmpty { slots[place].id = id }
        if slots[place].name != name { slots[place].name += name }
        slots[place].arguments += arguments ?? ""
    }

    /// Sets the arguments of a call that is complete.
    mutating func complete(index: Int, arguments: String) {
        slots[place(index, "", "")].arguments = arguments
    }

    /// The calls, in the order of their indices, each with an ID that no other call of the turn has.
    ///
    /// - Parameter prefix: Begins the IDs of calls that came without one, or with one that is taken.
    /// - Returns: Calls whose arguments are JSON, or the text that came in its place.
    func calls(idPrefix prefix: String) -> [ToolCall] {
        var taken: Set<String> = []
        let ordered = slots.enumerated().sorted { ($0.element.index, $0.offset) < ($1.element.index, $1.offset) }
        return ordered.enumerated().map { number, entry in
            let slot = entry.element
            let id = slot.id.isEmpty || taken.contains(slot.id) ? "\(prefix)_\(number)" : slot.id
            taken.insert(id)
            return ToolCall(id: id, name: slot.name, arguments: Self.parse(slot.arguments))
        }
    }

    /// Arguments that are not JSON stay a text, which the tool refuses and the model reads about.
    private static func parse(_ arguments: String) -> JSONValue {
        guard arguments.contains(where: { !$0.isWhitespace }) else { return [:] }
        return (try? JSONValue(parsing: arguments)) ?? .string(arguments)
    }

    /// The slot that a piece belongs to, made if there is none.
    private mutating func place(_ index: Int?, _ id: String, _ name: String) -> Int {
        if let place = candidate(index, id), !isAnotherCall(than: slots[place], index, id, name) { return place }
        slots.append(Slot(index: index ?? (slots.map(\.index).max() ?? -1) + 1))
        return slots.count - 1
    }

    private func candidate(_ index: Int?, _ id: String) -> Int? {
        if let index { return slots.lastIndex { $0.index == index } }
        if !id.isEmpty, let place = slots.lastIndex(where: { $0.id == id }) { return place }
        return slots.indices.last
    }

    /// A piece that names a tool and has another ID begins a call, whatever its index says.
    private func isAnotherCall(than slot: Slot, _ index: Int?, _ id: String, _ name: String) -> Bool {
        guard !name.isEmpty, !slot.name.isEmpty else { return false }
        if id.isEmpty { return index == nil }
        return !slot.id.isEmpty && id != slot.id
    }
}
