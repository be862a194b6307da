// The containers of `SchemaProbe`: each answers with an empty value and notes the type.

struct KeyedProbe<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let probe: SchemaProbe
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    /// Is asked only for members that may be missing.
    func contains(_ key: Key) -> Bool {
        probe.optional.insert(key.stringValue)
        return true
    }
    func decodeNil(forKey key: Key) -> Bool { false }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try primitive(type, key) }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedDecodingContainer<Nested> {
        SchemaProbe().container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer { UnkeyedProbe(probe: SchemaProbe()) }
    func superDecoder() -> any Decoder { SchemaProbe() }
    func superDecoder(forKey key: Key) -> any Decoder { SchemaProbe() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try primitive(type, key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try primitive(type, key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try primitive(type, key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try primitive(type, key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try primitive(type, key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try primitive(type, key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try primitive(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try primitive(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try primitive(type, key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try primitive(type, key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try primitive(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try primitive(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try primitive(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try primitive(type, key) }

    private func primitive<T: Decodable>(_ type: T.Type, _ key: Key) throws -> T {
        let (value, schema) = try JSONSchema.value(of: type)
        probe.note(key.stringValue, schema)
        return value
    }
}

struct UnkeyedProbe: UnkeyedDecodingContainer {
    let probe: SchemaProbe
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 1 }
    private(set) var currentIndex = 0
    var isAtEnd: Bool { currentIndex > 0 }

    init(probe: SchemaProbe) {
        self.probe = probe
        probe.schema = ["type": "array"]
    }

    mutating func decodeNil() -> Bool { false }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try element(type) }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedDecodingContainer<Nested> {
        SchemaProbe().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer { UnkeyedProbe(probe: SchemaProbe()) }
    mutating func superDecoder() -> any Decoder { SchemaProbe() }
    mutating func decode(_ type: Bool.Type) throws -> Bool { try element(type) }
    mutating func decode(_ type: String.Type) throws -> String { try element(type) }
    mutating func decode(_ type: Double.Type) throws -> Double { try element(type) }
    mutating func decode(_ type: Float.Type) throws -> Float { try element(type) }
    mutating func decode(_ type: Int.Type) throws -> Int { try element(type) }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try element(type) }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try element(type) }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try element(type) }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try element(type) }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try element(type) }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try element(type) }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try element(type) }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try element(type) }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try element(type) }

    private mutating func element<T: Decodable>(_ type: T.Type) throws -> T {
        let (value, schema) = try JSONSchema.value(of: type)
        probe.schema = ["type": "array", "items": schema]
        currentIndex += 1
        return value
    }
}

struct SingleProbe: SingleValueDecodingContainer {
    let probe: SchemaProbe
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }
    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let (value, schema) = try JSONSchema.value(of: type)
        probe.schema = schema
        return value
    }
    func decode(_ type: Bool.Type) -> Bool { note("boolean", false) }
    func decode(_ type: String.Type) -> String { note("string", "") }
    func decode(_ type: Double.Type) -> Double { note("number", 0) }
    func decode(_ type: Float.Type) -> Float { note("number", 0) }
    func decode(_ type: Int.Type) -> Int { note("integer", 0) }
    func decode(_ type: Int8.Type) -> Int8 { note("integer", 0) }
    func decode(_ type: Int16.Type) -> Int16 { note("integer", 0) }
    func decode(_ type: Int32.Type) -> Int32 { note("integer", 0) }
    func decode(_ type: Int64.Type) -> Int64 { note("integer", 0) }
    func decode(_ type: UInt.Type) -> UInt { note("integer", 0) }
    func decode(_ type: UInt8.Type) -> UInt8 { note("integer", 0) }
    func decode(_ type: UInt16.Type) -> UInt16 { note("integer", 0) }
    func decode(_ type: UInt32.Type) -> UInt32 { note("integer", 0) }
    func decode(_ type: UInt64.Type) -> UInt64 { note("integer", 0) }

    private func note<T>(_ name: JSONValue, _ value: T) -> T {
        probe.schema = ["type": name]
        return value
    }
}
