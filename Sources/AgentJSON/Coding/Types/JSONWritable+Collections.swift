extension Optional: JSONWritable where Wrapped: Encodable {
  /// Writes the value, or `null`.
  public func write(to writer: inout JSONCodingWriter) throws {
    if let self { try writer.value(self) } else { writer.null() }
  }
}

extension Array: JSONWritable where Element: Encodable {
  /// Writes the elements in order.
  public func write(to writer: inout JSONCodingWriter) throws {
    // The most frequent types have loops of their own, which compile to several times as fast ones.
    if Element.self == String.self {
      try writer.scalars(same(self, as: [String].self)) { $0.string($1) }
    } else if Element.self == Int.self {
      try writer.scalars(same(self, as: [Int].self)) { $0.digits($1) }
    } else {
      try writer.elements(self)
    }
  }
}

extension Set: JSONWritable where Element: Encodable {
  /// Writes the elements in the order of their texts' bytes, since the set's own order changes with each process.
  public func write(to writer: inout JSONCodingWriter) throws {
    try writer.sortedArray(self) { try $0.element($2, at: $1) }
  }
}

extension Dictionary: JSONWritable where Key: Encodable, Value: Encodable {
  /// Writes an object if the keys can be coding keys, as the standard library defines it, else an array of keys and
  /// values; sorted by the keys' bytes, since the dictionary's own order changes with each process.
  public func write(to writer: inout JSONCodingWriter) throws {
    if Key.self == String.self {
      try writer.members(same(self, as: [String: Value].self).sorted { $0.key.precedesByBytes($1.key) })
    } else if Key.self == Int.self {
      let numbers = same(self, as: [Int: Value].self).sorted { $0.key < $1.key }
      try writer.members(numbers.map { (String($0.key), $0.value) })
    } else if Key.self is any CodingKeyRepresentable.Type {
      var members = JSONSortedMembers<Value>()
      for (key, value) in self { members.add(key as? any CodingKeyRepresentable, value) }
      try writer.members(members.sorted())
    } else {
      try writer.sortedArray(self) { writer, index, pair in
        try writer.element(pair.key, at: index * 2)
        try writer.element(pair.value, at: index * 2 + 1)
      }
    }
  }
}

/// Members of a dictionary whose keys stand for strings, of which two may be the same.
private struct JSONSortedMembers<Value> {
  private var values: [ByteKey: Value] = [:]

  mutating func add(_ key: (any CodingKeyRepresentable)?, _ value: Value) {
    if let key { values[ByteKey(text: key.codingKey.stringValue)] = value }
  }

  func sorted() -> [(key: String, value: Value)] {
    values.map { (key: $0.key.text, value: $0.value) }.sorted { $0.key.precedesByBytes($1.key) }
  }
}

extension String {
  func precedesByBytes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

extension JSONCodingWriter {
  /// Writes an array of values that cannot fail.
  @inline(__always)
  mutating func scalars<Scalar>(_ values: [Scalar], _ write: (inout JSONWriter, Scalar) -> Void) throws {
    try enter()
    text.raw("[")
    for index in values.indices {
      if index > 0 { text.bytes.append(UInt8(ascii: ",")) }
      write(&text, values[index])
    }
    text.raw("]")
    depth -= 1
  }

  /// Writes an object of members with different keys.
  mutating func members<Value: Encodable>(_ members: [(key: String, value: Value)]) throws {
    try object { writer in
      for (key, value) in members { try writer.member(named: key, value) }
    }
  }

  /// Writes an array in the order of what the closure writes for each element.
  mutating func sortedArray<Elements: Collection>(
    _ elements: Elements, _ write: (inout JSONCodingWriter, Int, Elements.Element) throws -> Void
  ) throws {
    try array { writer in
      let start = writer.text.bytes.count
      var pieces: [[UInt8]] = []
      for (index, element) in elements.enumerated() {
        try write(&writer, index, element)
        pieces.append(Array(writer.text.bytes[start...]))
        writer.text.bytes.removeSubrange(start...)
      }
      for piece in pieces.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        writer.text.separate()
        writer.text.raw(piece)
      }
    }
  }
}
