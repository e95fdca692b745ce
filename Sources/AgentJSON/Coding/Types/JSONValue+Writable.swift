extension JSONValue: JSONWritable {
  /// Writes the value as it is; throws at the depth limit, and for numbers that are not finite as for a `Double`.
  public func write(to writer: inout JSONCodingWriter) throws {
    switch self {
    case .array(let elements):
      try writer.array { writer in
        for index in elements.indices {
          if index > 0 { writer.text.raw(",") }
          try elements[index].write(to: &writer)
        }
      }
    case .object(let object): try object.write(to: &writer)
    case .double(let value): try writer.value(value)
    default: writer.text.scalar(self)
    }
  }

  /// Encodes the value as it is; with an encoder other than `JSONCoder`'s as near as its numbers come.
  public func encode(to encoder: any Encoder) throws {
    if let own = encoder as? CodingEncoder { return try own.write(self) }
    if case .object(let object) = self { return try object.encode(to: encoder) }
    if case .array(let elements) = self {
      var container = encoder.unkeyedContainer()
      for element in elements { try container.encode(element) }
      return
    }
    var container = encoder.singleValueContainer()
    switch self {
    case .null, .array, .object: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .double(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .number(let number):
      if let value = UInt64(number.literal) { return try container.encode(value) }
      guard let value = number.doubleValue else {
        let context = EncodingError.Context(
          codingPath: encoder.codingPath, debugDescription: "the number \(brief) is beyond the range of Double")
        throw EncodingError.invalidValue(self, context)
      }
      try container.encode(value)
    }
  }
}

extension JSONObject: JSONWritable {
  /// Writes the members in their order; throws as for a `JSONValue`.
  public func write(to writer: inout JSONCodingWriter) throws {
    try writer.object { writer in
      for index in indices {
        let member = self[index]
        writer.text.member(member.key)
        try member.value.write(to: &writer)
      }
    }
  }

  /// Encodes the members in their order, as far as the encoder keeps one.
  public func encode(to encoder: any Encoder) throws {
    if let own = encoder as? CodingEncoder { return try own.write(self) }
    var container = encoder.container(keyedBy: CodingPathKey.self)
    for (key, value) in self { try container.encode(value, forKey: CodingPathKey(stringValue: key)) }
  }
}
