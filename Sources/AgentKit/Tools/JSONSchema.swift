/// The JSON Schema of a type, found out by letting the type decode itself from nothing.
enum JSONSchema {
    /// The schema of a type; what its members mean is added by name.
    ///
    /// - Throws: What the type throws if it does not accept empty texts and zeros.
    static func derived<T: Decodable>(from type: T.Type, descriptions: [String: String]) throws -> JSONValue {
        guard case .object(var schema) = try value(of: type).schema, case .object(var members)? = schema["properties"]
        else { return ["type": "object", "properties": [:]] }
        for (name, text) in descriptions {
            guard case .object(var member)? = members[name] else { continue }
            member["description"] = .string(text)
            members[name] = .object(member)
        }
        schema["properties"] = .object(members)
        return .object(schema)
    }

    /// A value of the type, and the schema that it revealed.
    static func value<T: Decodable>(of type: T.Type) throws -> (value: T, schema: JSONValue) {
        if let cases = type as? any CaseIterable.Type, let (first, schema) = enumeration(cases), let first = first as? T
        {
            return (first, schema)
        }
        let probe = SchemaProbe()
        let value = try T(from: probe)
        return (value, probe.schema)
    }

    private static func enumeration<E: CaseIterable>(_ type: E.Type) -> (Any, JSONValue)? {
        let names = type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
        guard let first = type.allCases.first, names.count == type.allCases.count else { return nil }
        return (first, ["type": "string", "enum": .array(names.map(JSONValue.string))])
    }
}

/// A decoder of nothing: every text is empty, every number is zero, every list has one element.
///
/// It notes what it is asked for.
final class SchemaProbe: Decoder {
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    var schema: JSONValue = [:]
    var members: [String: JSONValue] = [:]
    var optional: Set<String> = []

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        updateObject()
        return KeyedDecodingContainer(KeyedProbe<Key>(probe: self))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer { UnkeyedProbe(probe: self) }

    func singleValueContainer() -> any SingleValueDecodingContainer { SingleProbe(probe: self) }

    func note(_ name: String, _ member: JSONValue) {
        members[name] = member
        updateObject()
    }

    private func updateObject() {
        let required = members.keys.filter { !optional.contains($0) }.sorted()
        schema = [
            "type": "object", "properties": .object(members), "required": .array(required.map(JSONValue.string)),
            "additionalProperties": .bool(false),
        ]
    }
}
