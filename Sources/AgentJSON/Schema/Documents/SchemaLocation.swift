/// A schema or other value within the loaded documents.
struct SchemaLocation {
  /// The innermost resource (schema with `$id`, or document) around it.
  var resource: Int
  let document: Int
  /// A JSON Pointer from the document's root.
  let pointer: String
  let value: JSONValue

  var key: Key { Key(document: document, pointer: pointer) }

  struct Key: Hashable {
    let document: Int
    let pointer: String
  }

  /// The location of a part; the caller looks whether a resource of its own starts there.
  func child(_ token: String, _ value: JSONValue) -> SchemaLocation {
    SchemaLocation(
      resource: resource, document: document, pointer: "\(pointer)/\(token.escapedForPointer)", value: value)
  }
}

/// A schema that can be named by an absolute URI.
struct SchemaResource {
  let uri: URIReference
  let root: SchemaLocation
  let dialect: SchemaDialect
  var anchors: [String: SchemaLocation] = [:]
  var dynamicAnchors: [String: SchemaLocation] = [:]
}
