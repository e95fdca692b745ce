/// A type that writes its own JSON; on hot paths several times as fast as `Encodable` alone.
///
/// `JSONCoder` uses it wherever it meets the type: as a member, in arrays, optionals and dictionaries. With other
/// encoders the type is written as the `JSONValue` of the same text.
public protocol JSONWritable: Encodable {
  /// Writes exactly one value; may throw what it likes, best an `EncodingError` by `JSONCodingWriter.fault`.
  func write(to writer: inout JSONCodingWriter) throws
}

extension JSONWritable {
  /// Encodes what `write(to:)` writes.
  public func encode(to encoder: any Encoder) throws {
    if let own = encoder as? CodingEncoder { return try own.write(self) }
    try JSONCoder.value(of: self).encode(to: encoder)
  }
}
