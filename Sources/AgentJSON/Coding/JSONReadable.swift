/// A type that reads itself from JSON; on hot paths several times as fast as `Decodable` alone.
///
/// `JSONCoder` uses it wherever it meets the type: as a member, in arrays, optionals and dictionaries. With other
/// decoders the type is read from the `JSONValue` they hold.
public protocol JSONReadable: Decodable {
  /// Reads the value; throws a `DecodingError` that names the place.
  init(json: JSONCodingReader) throws
}

extension JSONReadable {
  /// Decodes by `init(json:)`.
  public init(from decoder: any Decoder) throws {
    if let own = decoder as? DecodingNode {
      try self.init(json: own.reader)
    } else {
      self = try JSONCoder.decode(Self.self, from: JSONValue(from: decoder))
    }
  }
}
