public import AgentJSON

extension Message: JSONWritable, JSONReadable {
  /// Writes the message as OpenAI's object.
  public func write(to writer: inout JSONCodingWriter) throws { try writer.value(json) }

  /// Reads what was written. Throws a `DecodingError` for an object without a known role.
  public init(json reader: JSONCodingReader) throws {
    guard let message = Message(stored: reader.value) else {
      throw reader.fault("a stored message has no known role")
    }
    self = message
  }
}
