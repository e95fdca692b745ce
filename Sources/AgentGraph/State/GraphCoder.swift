import AgentJSON

/// How stored values become bytes: JSON, with every Double and the order of keys kept.
enum GraphCoder {
  private static let options = JSONCodingOptions(nonFinite: .strings)

  static func encode<T: Encodable>(_ value: T) throws -> [UInt8] { try JSONCoder.encode(value, options: options) }

  static func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) throws -> T {
    try JSONCoder.decode(type, from: bytes, options: options)
  }
}
