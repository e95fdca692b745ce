extension Optional: JSONReadable where Wrapped: Decodable {
  /// Reads the value, or `null` as nil.
  public init(json: JSONCodingReader) throws {
    self = json.value.isNull ? nil : try json.decode(Wrapped.self)
  }
}

extension Array: JSONReadable where Element: Decodable {
  /// Reads an array.
  public init(json: JSONCodingReader) throws {
    // The most frequent types have loops of their own, which compile to several times as fast ones.
    if Element.self == String.self {
      let strings: [String] = try json.scalars { if case .string(let value) = $0 { value } else { nil } }
      self = same(strings, as: Self.self)
    } else if Element.self == Int.self {
      let integers: [Int] = try json.scalars { if case .integer(let value) = $0 { value } else { nil } }
      self = same(integers, as: Self.self)
    } else if let type = Element.self as? any JSONReadable.Type {
      self = try Self.read(json, as: type)
    } else {
      self = try json.elements { try Element(from: $0.node) }
    }
  }

  /// Looks up once for all elements what kind of type they are.
  private static func read<T: JSONReadable>(_ json: JSONCodingReader, as type: T.Type) throws -> [Element] {
    same(try json.elements(T.init(json:)), as: [Element].self)
  }
}

extension Dictionary: JSONReadable where Key: Decodable, Value: Decodable {
  /// Reads an object if the keys can be coding keys, as the standard library defines it, else an array.
  public init(json: JSONCodingReader) throws {
    guard Key.self == String.self else {
      self = try Self(from: json.node)
      return
    }
    if let type = Value.self as? any JSONReadable.Type {
      self = same(try json.members(as: type), as: Self.self)
    } else {
      self = same(try json.members { try Value(from: $0.node) }, as: Self.self)
    }
  }
}

extension JSONCodingReader {
  /// The elements of an array, most of which the closure takes as they are.
  @inline(__always)
  fileprivate func scalars<Scalar: JSONReadable>(_ take: (JSONValue) -> Scalar?) throws -> [Scalar] {
    let node = node
    let elements = try node.array()
    var result: [Scalar] = []
    result.reserveCapacity(elements.count)
    for index in elements.indices {
      if let scalar = take(elements[index]) {
        result.append(scalar)
      } else {
        result.append(try Scalar(json: JSONCodingReader(elements[index], in: node, at: .index(index))))
      }
    }
    return result
  }

  fileprivate func members<Value>(_ read: (JSONCodingReader) throws -> Value) throws -> [String: Value] {
    let node = node
    let object = try node.object()
    var result = [String: Value](minimumCapacity: object.count)
    for index in object.indices {
      let (name, value) = object[index]
      result[name] = try read(JSONCodingReader(value, in: node, at: .name(name)))
    }
    return result
  }

  /// Looks up once for all members what kind of type they are; a dictionary of the type's values.
  fileprivate func members<Value: JSONReadable>(as type: Value.Type) throws -> Any {
    try members(Value.init(json:))
  }
}
