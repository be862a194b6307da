/// The one place that knows how a key's companions are named.
///
/// In a Redis Cluster only keys of one slot may appear in one command, and the slot follows from the key's hash tag:
/// the text in the first pair of braces, or the whole key without one. A companion therefore carries the whole key
/// in braces, `{orders}:dead`, and a key that has a hash tag keeps it, `{shop}orders:dead`. Both share the slot
/// of the key they belong to. Only a key that contains a `}` but no hash tag cannot have companions in its slot.
/// Source: <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags>
package enum CompanionKey {
    /// The key of the companion with this name.
    package static func named(_ name: String, of key: String) -> String {
        (hasHashTag(key) ? key : "{\(key)}") + ":\(name)"
    }

    private static func hasHashTag(_ key: String) -> Bool {
        guard let open = key.firstIndex(of: "{"), let close = key[open...].firstIndex(of: "}") else { return false }
        return key.index(after: open) < close
    }
}
