/// The members of an object.
struct CodingKeyedEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let session: EncodingSession
  let frame: EncodingFrameID

  var codingPath: [any CodingKey] { session.writer.path(frame.index) }

  private func put(_ key: Key, _ write: (inout JSONWriter) -> Void) throws {
    try session.writer.scalar(key.stringValue, in: frame, write)
  }

  private func put(_ key: Key, nonFinite value: Double) throws {
    let text = try session.writer.nonFinite(value, .key(key), in: frame.index)
    try put(key) { $0.string(text) }
  }

  func encodeNil(forKey key: Key) throws { try put(key) { $0.raw("null") } }
  func encode(_ value: Bool, forKey key: Key) throws { try put(key) { $0.bool(value) } }
  func encode(_ value: String, forKey key: Key) throws { try put(key) { $0.string(value) } }
  func encode(_ value: Int, forKey key: Key) throws { try put(key) { $0.digits(value) } }
  func encode(_ value: Int8, forKey key: Key) throws { try put(key) { $0.digits(Int(value)) } }
  func encode(_ value: Int16, forKey key: Key) throws { try put(key) { $0.digits(Int(value)) } }
  func encode(_ value: Int32, forKey key: Key) throws { try put(key) { $0.digits(Int(value)) } }
  func encode(_ value: Int64, forKey key: Key) throws { try put(key) { $0.digits(Int(value)) } }
  func encode(_ value: UInt8, forKey key: Key) throws { try put(key) { $0.digits(Int(value)) } }
  func encode(_ value: UInt16, forKey key: Key) throws { try put(key) { $0.digits(Int(value)) } }
  func encode(_ value: UInt32, forKey key: Key) throws { try put(key) { $0.digits(Int(value)) } }
  func encode(_ value: UInt, forKey key: Key) throws { try put(key) { $0.number(value) } }
  func encode(_ value: UInt64, forKey key: Key) throws { try put(key) { $0.number(value) } }
  func encode(_ value: Int128, forKey key: Key) throws { try put(key) { $0.number(value) } }
  func encode(_ value: UInt128, forKey key: Key) throws { try put(key) { $0.number(value) } }

  func encode(_ value: Double, forKey key: Key) throws {
    if value.isFinite { try put(key) { $0.double(value) } } else { try put(key, nonFinite: value) }
  }

  func encode(_ value: Float, forKey key: Key) throws {
    if value.isFinite { try put(key) { $0.number(value) } } else { try put(key, nonFinite: Double(value)) }
  }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    try session.encode(value, key.stringValue, .key(key), in: frame)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy keyType: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    KeyedEncodingContainer(CodingKeyedEncoder<Nested>(session: session, frame: nest(key, .object)))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    CodingUnkeyedEncoder(session: session, frame: nest(key, .array))
  }

  func superEncoder() -> any Encoder { CodingEncoder(session: session, frame: nest(CodingPathKey.superKey, .nothing)) }

  func superEncoder(forKey key: Key) -> any Encoder {
    CodingEncoder(session: session, frame: nest(key, .nothing))
  }

  private func nest(_ key: some CodingKey, _ content: EncodingFrame.Content) -> EncodingFrameID {
    session.writer.nest(key.stringValue, .key(key), in: frame, content)
  }
}
