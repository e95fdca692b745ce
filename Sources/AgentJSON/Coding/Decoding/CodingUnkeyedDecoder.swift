/// The elements of an array, read one after the other.
struct CodingUnkeyedDecoder: UnkeyedDecodingContainer {
  let node: DecodingNode
  let elements: [JSONValue]
  private(set) var currentIndex = 0

  init(node: DecodingNode, elements: [JSONValue]) {
    self.node = node
    self.elements = elements
  }

  var codingPath: [any CodingKey] { node.codingPath }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  mutating func decodeNil() throws -> Bool {
    guard try reader(Never.self).value.isNull else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool { try next(Bool.init(json:)) }
  mutating func decode(_ type: String.Type) throws -> String { try next(String.init(json:)) }
  mutating func decode(_ type: Double.Type) throws -> Double { try next(Double.init(json:)) }
  mutating func decode(_ type: Float.Type) throws -> Float { try next(Float.init(json:)) }
  mutating func decode(_ type: Int.Type) throws -> Int { try next(Int.init(json:)) }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try next(Int8.init(json:)) }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try next(Int16.init(json:)) }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try next(Int32.init(json:)) }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try next(Int64.init(json:)) }
  mutating func decode(_ type: Int128.Type) throws -> Int128 { try next(Int128.init(json:)) }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try next(UInt.init(json:)) }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try next(UInt8.init(json:)) }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try next(UInt16.init(json:)) }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try next(UInt32.init(json:)) }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try next(UInt64.init(json:)) }
  mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try next(UInt128.init(json:)) }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next { try $0.decode(type) } }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try next { try $0.node.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next { try $0.node.unkeyedContainer() }
  }

  mutating func superDecoder() throws -> any Decoder { try next { $0.node } }

  /// Reads an element; the place is kept if that fails, so that it can be read as another type.
  private mutating func next<T>(_ read: (JSONCodingReader) throws -> T) throws -> T {
    let result = try read(reader(T.self))
    currentIndex += 1
    return result
  }

  private func reader(_ type: Any.Type) throws -> JSONCodingReader {
    guard currentIndex < elements.count else {
      throw DecodingError.valueNotFound(
        type, node.context(.index(currentIndex), "the array has no more than \(elements.count) elements"))
    }
    return JSONCodingReader(elements[currentIndex], in: node, at: .index(currentIndex))
  }
}
