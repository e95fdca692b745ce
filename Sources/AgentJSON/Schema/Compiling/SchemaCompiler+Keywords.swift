/// Keywords by the shape of their value.
extension SchemaCompiler {
  func invalid(_ source: SchemaSource, _ keyword: String, _ allowed: String) -> JSONSchemaError {
    let found = (source.object[keyword] ?? .null).brief
    return documents.error(.invalidKeyword, "\(keyword) is \(found); allowed: \(allowed)", at: source.location)
  }

  func string(_ source: SchemaSource, _ keyword: String, _ allowed: String) throws(JSONSchemaError) -> String? {
    guard let value = source.object[keyword] else { return nil }
    guard let text = value.stringValue else { throw invalid(source, keyword, allowed) }
    return text
  }

  /// A non-negative integer; one beyond `Int` is as good as its largest.
  func size(_ source: SchemaSource, _ keyword: String) throws(JSONSchemaError) -> Int? {
    guard let value = source.object[keyword] else { return nil }
    guard value.isIntegral, !value.isSmallerNumber(than: 0) else {
      throw invalid(source, keyword, "an integer of at least 0")
    }
    return value.intValue ?? .max
  }

  /// The strings of an array.
  func strings(
    _ value: JSONValue, _ source: SchemaSource, _ keyword: String
  ) throws(JSONSchemaError) -> [String] {
    guard let elements = value.arrayValue else { throw invalid(source, keyword, "an array of strings") }
    var texts: [String] = []
    for element in elements {
      guard let text = element.stringValue else { throw invalid(source, keyword, "an array of strings") }
      texts.append(text)
    }
    return texts
  }

  mutating func child(_ source: SchemaSource, _ keyword: String) throws(JSONSchemaError) -> Int? {
    guard let value = source.object[keyword] else { return nil }
    return try node(at: documents.place(source.location.child(keyword, value)))
  }

  mutating func children(_ source: SchemaSource, _ keyword: String) throws(JSONSchemaError) -> [Int]? {
    guard let value = source.object[keyword] else { return nil }
    guard let elements = value.arrayValue, !elements.isEmpty else {
      throw invalid(source, keyword, "a non-empty array of schemas")
    }
    let list = source.location.child(keyword, value)
    var nodes: [Int] = []
    for (index, element) in elements.enumerated() {
      nodes.append(try node(at: documents.place(list.child(String(index), element))))
    }
    return nodes
  }

  /// The members of an object with the locations of their values.
  func members(
    _ source: SchemaSource, _ keyword: String
  ) throws(JSONSchemaError) -> [(key: String, location: SchemaLocation)] {
    guard let value = source.object[keyword] else { return [] }
    guard let object = value.objectValue else { throw invalid(source, keyword, "an object") }
    let map = source.location.child(keyword, value)
    return object.map { ($0.key, documents.place(map.child($0.key, $0.value))) }
  }
}
