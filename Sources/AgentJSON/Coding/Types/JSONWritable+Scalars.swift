extension Bool: JSONWritable {
  /// Writes `true` or `false`.
  public func write(to writer: inout JSONCodingWriter) { writer.text.bool(self) }
}

extension String: JSONWritable {
  /// Writes the string, quoted and escaped.
  public func write(to writer: inout JSONCodingWriter) { writer.text.string(self) }
}

extension Double: JSONWritable {
  /// Writes the shortest text that reads as the same; throws if the number is not finite and that is refused.
  public func write(to writer: inout JSONCodingWriter) throws { try writer.value(self) }
}

extension Float: JSONWritable {
  /// Writes the shortest text that reads as the same; throws if the number is not finite and that is refused.
  public func write(to writer: inout JSONCodingWriter) throws {
    if isFinite { writer.text.number(self) } else { try writer.value(Double(self)) }
  }
}

extension JSONWritable where Self: FixedWidthInteger {
  /// Writes the integer.
  public func write(to writer: inout JSONCodingWriter) {
    if let value = Int(exactly: self) { writer.text.digits(value) } else { writer.text.number(self) }
  }
}

extension Int: JSONWritable {}
extension Int8: JSONWritable {}
extension Int16: JSONWritable {}
extension Int32: JSONWritable {}
extension Int64: JSONWritable {}
extension Int128: JSONWritable {}
extension UInt: JSONWritable {}
extension UInt8: JSONWritable {}
extension UInt16: JSONWritable {}
extension UInt32: JSONWritable {}
extension UInt64: JSONWritable {}
extension UInt128: JSONWritable {}
