/// The value itself.
struct CodingSingleDecoder: SingleValueDecodingContainer {
  let node: DecodingNode

  var codingPath: [any CodingKey] { node.codingPath }

  func decodeNil() -> Bool { node.value.isNull }

  func decode(_ type: Bool.Type) throws -> Bool { try Bool(json: node.reader) }
  func decode(_ type: String.Type) throws -> String { try String(json: node.reader) }
  func decode(_ type: Double.Type) throws -> Double { try Double(json: node.reader) }
  func decode(_ type: Float.Type) throws -> Float { try Float(json: node.reader) }
  func decode(_ type: Int.Type) throws -> Int { try Int(json: node.reader) }
  func decode(_ type: Int8.Type) throws -> Int8 { try Int8(json: node.reader) }
  func decode(_ type: Int16.Type) throws -> Int16 { try Int16(json: node.reader) }
  func decode(_ type: Int32.Type) throws -> Int32 { try Int32(json: node.reader) }
  func decode(_ type: Int64.Type) throws -> Int64 { try Int64(json: node.reader) }
  func decode(_ type: Int128.Type) throws -> Int128 { try Int128(json: node.reader) }
  func decode(_ type: UInt.Type) throws -> UInt { try UInt(json: node.reader) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try UInt8(json: node.reader) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try UInt16(json: node.reader) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try UInt32(json: node.reader) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try UInt64(json: node.reader) }
  func decode(_ type: UInt128.Type) throws -> UInt128 { try UInt128(json: node.reader) }

  func decode<T: Decodable>(_ type: T.Type) throws -> T { try node.reader.decode(type) }
}
