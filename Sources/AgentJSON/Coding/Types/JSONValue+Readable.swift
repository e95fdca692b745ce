extension JSONValue: JSONReadable {
  /// Takes the value as it is.
  public init(json: JSONCodingReader) { self = json.value }

  /// Decodes the value as it is; with a decoder other than `JSONCoder`'s as near as its numbers come.
  public init(from decoder: any Decoder) throws {
    if let own = decoder as? DecodingNode {
      self = own.value
    } else if let container = try? decoder.container(keyedBy: CodingPathKey.self) {
      self = .object(try JSONObject(container))
    } else if var container = try? decoder.unkeyedContainer() {
      var elements: [JSONValue] = []
      while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
      self = .array(elements)
    } else {
      self = try JSONValue(scalarOf: decoder.singleValueContainer())
    }
  }

  private init(scalarOf container: any SingleValueDecodingContainer) throws {
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .number(JSONNumber(unchecked: String(value)))
    } else if let value = try? container.decode(Double.self) {
      self = .double(value)
    } else {
      self = .string(try container.decode(String.self))
    }
  }
}

extension JSONObject: JSONReadable {
  /// Takes the object as it is; throws for another type.
  public init(json: JSONCodingReader) throws { self = try json.node.object() }

  /// Decodes the object; its order is what the decoder makes of it.
  public init(from decoder: any Decoder) throws {
    if let own = decoder as? DecodingNode {
      self = try own.object()
    } else {
      self = try JSONObject(decoder.container(keyedBy: CodingPathKey.self))
    }
  }

  fileprivate init(_ container: KeyedDecodingContainer<CodingPathKey>) throws {
    self.init()
    for key in container.allKeys { self[key.stringValue] = try container.decode(JSONValue.self, forKey: key) }
  }
}
