/// The `Encoder` of one value.
struct CodingEncoder: Encoder {
  let session: EncodingSession
  let frame: EncodingFrameID

  var codingPath: [any CodingKey] { session.writer.path(frame.index) }
  var userInfo: [CodingUserInfoKey: Any] { session.writer.options.userInfo.mapValues { $0 } }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(CodingKeyedEncoder(session: session, frame: session.writer.open(frame, .object)))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    CodingUnkeyedEncoder(session: session, frame: session.writer.open(frame, .array))
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    CodingSingleEncoder(session: session, frame: frame)
  }

  /// Writes a value as its own code does, whichever way that was come upon.
  func write<T: JSONWritable>(_ value: T) throws { try session.encodeSingle(value, frame) }
}
