/// Which keywords hold subschemas, and how.
enum SchemaKeywords {
  static let one = [
    "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties", "additionalItems",
  ]
  static let list = ["allOf", "anyOf", "oneOf", "prefixItems"]
  static let map = ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"]

  /// The subschemas right below a schema; misshapen keywords are left to the compiler to refuse.
  static func children(of location: SchemaLocation) -> [SchemaLocation] {
    guard let object = location.value.objectValue else { return [] }
    var children: [SchemaLocation] = []
    for name in one {
      guard let value = object[name] else { continue }
      children.append(location.child(name, value))
      if name == "items", let elements = value.arrayValue {
        children += elements.enumerated().map { location.child(name, value).child(String($0), $1) }
      }
    }
    for name in list {
      guard let elements = object[name]?.arrayValue else { continue }
      let list = location.child(name, .null)
      children += elements.enumerated().map { list.child(String($0), $1) }
    }
    for name in map {
      guard let members = object[name]?.objectValue else { continue }
      let map = location.child(name, .null)
      children += members.map { map.child($0.key, $0.value) }
    }
    return children
  }
}
