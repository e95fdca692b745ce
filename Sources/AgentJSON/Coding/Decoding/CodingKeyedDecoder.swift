/// The members of an object, read in any order.
struct CodingKeyedDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let node: DecodingNode

  var codingPath: [any CodingKey] { node.codingPath }
  var allKeys: [Key] { node.members.keys.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { node.members.contains(key: key.stringValue) }

  func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    let value = try value(key)
    if case .bool(let result) = value { return result }
    return try Bool(json: reader(value, key))
  }

  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    let value = try value(key)
    if case .string(let result) = value { return result }
    return try String(json: reader(value, key))
  }

  func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
    let value = try value(key)
    if case .integer(let result) = value { return result }
    return try Int(json: reader(value, key))
  }

  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    let value = try value(key)
    if case .double(let result) = value { return result }
    return try Double(json: reader(value, key))
  }

  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try Float(json: reader(key)) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try Int8(json: reader(key)) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try Int16(json: reader(key)) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try Int32(json: reader(key)) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try Int64(json: reader(key)) }
  func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try Int128(json: reader(key)) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try UInt(json: reader(key)) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try UInt8(json: reader(key)) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try UInt16(json: reader(key)) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try UInt32(json: reader(key)) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try UInt64(json: reader(key)) }
  func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try UInt128(json: reader(key)) }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try reader(key).decode(type) }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    guard let value = optional(key) else { return nil }
    return try reader(value, key).decode(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try reader(key).node.container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try reader(key).node.unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { superDecoder(CodingPathKey.superKey) }

  func superDecoder(forKey key: Key) throws -> any Decoder { superDecoder(key) }

  /// Of a key that is not there the decoder holds null, as Foundation has it: a super class may need nothing.
  private func superDecoder(_ key: some CodingKey) -> any Decoder {
    DecodingNode(node.members[key.stringValue] ?? .null, in: node, at: .key(key))
  }

  private func value(_ key: Key) throws -> JSONValue {
    let name = key.stringValue
    if let value = node.member(name) { return value }
    throw DecodingError.keyNotFound(key, node.context(nil, "there is no member \"\(name)\""))
  }

  private func optional(_ key: Key) -> JSONValue? {
    guard let value = node.member(key.stringValue), !value.isNull else { return nil }
    return value
  }

  private func reader(_ key: Key) throws -> JSONCodingReader { reader(try value(key), key) }

  private func reader(_ value: JSONValue, _ key: Key) -> JSONCodingReader {
    JSONCodingReader(value, in: node, at: .key(key))
  }
}

extension CodingKeyedDecoder {
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
    guard let value = optional(key) else { return nil }
    if case .bool(let result) = value { return result }
    return try Bool(json: reader(value, key))
  }

  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    guard let value = optional(key) else { return nil }
    if case .string(let result) = value { return result }
    return try String(json: reader(value, key))
  }

  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
    guard let value = optional(key) else { return nil }
    if case .integer(let result) = value { return result }
    return try Int(json: reader(value, key))
  }

  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    guard let value = optional(key) else { return nil }
    if case .double(let result) = value { return result }
    return try Double(json: reader(value, key))
  }
}
