/// The value itself.
struct CodingSingleEncoder: SingleValueEncodingContainer {
  let session: EncodingSession
  let frame: EncodingFrameID

  var codingPath: [any CodingKey] { session.writer.path(frame.index) }

  private func put(_ write: (inout JSONWriter) -> Void) throws { try session.writer.single(frame, write) }

  private func put(nonFinite value: Double) throws {
    let text = try session.writer.nonFinite(value, nil, in: frame.index)
    try put { $0.string(text) }
  }

  func encodeNil() throws { try put { $0.raw("null") } }
  func encode(_ value: Bool) throws { try put { $0.bool(value) } }
  func encode(_ value: String) throws { try put { $0.string(value) } }
  func encode(_ value: Int) throws { try put { $0.digits(value) } }
  func encode(_ value: Int8) throws { try put { $0.digits(Int(value)) } }
  func encode(_ value: Int16) throws { try put { $0.digits(Int(value)) } }
  func encode(_ value: Int32) throws { try put { $0.digits(Int(value)) } }
  func encode(_ value: Int64) throws { try put { $0.digits(Int(value)) } }
  func encode(_ value: UInt8) throws { try put { $0.digits(Int(value)) } }
  func encode(_ value: UInt16) throws { try put { $0.digits(Int(value)) } }
  func encode(_ value: UInt32) throws { try put { $0.digits(Int(value)) } }
  func encode(_ value: UInt) throws { try put { $0.number(value) } }
  func encode(_ value: UInt64) throws { try put { $0.number(value) } }
  func encode(_ value: Int128) throws { try put { $0.number(value) } }
  func encode(_ value: UInt128) throws { try put { $0.number(value) } }

  func encode(_ value: Double) throws {
    if value.isFinite { try put { $0.double(value) } } else { try put(nonFinite: value) }
  }

  func encode(_ value: Float) throws {
    if value.isFinite { try put { $0.number(value) } } else { try put(nonFinite: Double(value)) }
  }

  func encode<T: Encodable>(_ value: T) throws { try session.encodeSingle(value, frame) }
}
