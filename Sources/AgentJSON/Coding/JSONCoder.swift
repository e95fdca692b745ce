/// Codes any `Codable` type as JSON: members in the order the type writes them, dictionaries and sets sorted, so that
/// equal values have equal bytes; numbers and strings exactly.
///
/// Types that conform to `JSONWritable` and `JSONReadable` are written and read by their own code.
public enum JSONCoder: Sendable {
  /// The JSON text of a value; throws an `EncodingError`, or what the type's own code throws.
  public static func encode<T: Encodable>(
    _ value: T, options: JSONCodingOptions = JSONCodingOptions()
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(firstCapacity)
    try encode(value, into: &bytes, options: options)
    return bytes
  }

  /// Appends the JSON text of a value; if that throws, the bytes are as before.
  public static func encode<T: Encodable>(
    _ value: T, into bytes: inout [UInt8], options: JSONCodingOptions = JSONCodingOptions()
  ) throws {
    var writer = JSONCodingWriter(options: options)
    let start = bytes.count
    swap(&writer.text.bytes, &bytes)
    defer { swap(&writer.text.bytes, &bytes) }
    do {
      try writer.document(value)
    } catch {
      writer.text.bytes.removeSubrange(start...)
      throw error
    }
  }

  /// The `JSONValue` of a value; throws as `encode` does.
  public static func value<T: Encodable>(
    of value: T, options: JSONCodingOptions = JSONCodingOptions()
  ) throws -> JSONValue {
    try JSONValue(parsing: encode(value, options: options), limits: options.limits)
  }

  /// A value from its JSON text; throws a `DecodingError`, with a `JSONParseError` below it if the text is no JSON.
  public static func decode<T: Decodable>(
    _ type: T.Type, from bytes: [UInt8], options: JSONCodingOptions = JSONCodingOptions()
  ) throws -> T {
    try decode(type, from: bytes.span, options: options)
  }

  /// A value from its JSON text; throws a `DecodingError`, with a `JSONParseError` below it if the text is no JSON.
  public static func decode<T: Decodable>(
    _ type: T.Type, from text: String, options: JSONCodingOptions = JSONCodingOptions()
  ) throws -> T {
    try decode(type, from: text.utf8.span, options: options)
  }

  /// A value from its JSON text; throws a `DecodingError`, with a `JSONParseError` below it if the text is no JSON.
  public static func decode<T: Decodable>(
    _ type: T.Type, from bytes: Span<UInt8>, options: JSONCodingOptions = JSONCodingOptions()
  ) throws -> T {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: bytes, limits: options.limits)
    } catch {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: [], debugDescription: "no JSON: \(error)", underlyingError: error))
    }
    return try decode(type, from: value, options: options)
  }

  /// A value from its JSON; throws a `DecodingError`, or what the type's own code throws.
  public static func decode<T: Decodable>(
    _ type: T.Type, from value: JSONValue, options: JSONCodingOptions = JSONCodingOptions()
  ) throws -> T {
    try DecodingNode(value, options: options).reader.decode(type)
  }

  /// Most small values fit; growing from nothing would copy several times.
  private static let firstCapacity = 512
}
