/// A value being decoded with its place, and the `Decoder` of it.
final class DecodingNode {
  let value: JSONValue
  let parent: DecodingNode?
  /// The place in the parent; nil for the document, and for a value read in place of another.
  let step: CodingStep?
  let depthMax: Int
  let callsMax: Int
  let nonFinite: JSONCodingOptions.NonFinite
  /// How many arrays and objects are around the value.
  let depth: Int
  /// How many calls of user code are nested.
  let calls: Int
  /// Where the next member is looked for first, since most types read in the order in which they write.
  private var hint = 0
  /// The value's members; none for another type.
  let members: JSONObject
  /// Of the document's node alone; the others look there.
  private let ownUserInfo: [CodingUserInfoKey: any Sendable]?

  init(_ value: JSONValue, options: JSONCodingOptions) {
    self.value = value
    members = value.objectValue ?? JSONObject()
    parent = nil
    step = nil
    depthMax = options.depthMax
    callsMax = options.callsMax
    nonFinite = options.nonFinite
    ownUserInfo = options.userInfo
    depth = 0
    calls = 0
  }

  init(_ value: JSONValue, in parent: DecodingNode, at step: CodingStep?) {
    self.value = value
    members = value.objectValue ?? JSONObject()
    self.parent = parent
    self.step = step
    depthMax = parent.depthMax
    callsMax = parent.callsMax
    nonFinite = parent.nonFinite
    ownUserInfo = nil
    depth = step == nil ? parent.depth : parent.depth + 1
    calls = parent.calls + 1
  }

  var reader: JSONCodingReader { JSONCodingReader(value, node: self) }

  var codingPath: [any CodingKey] {
    var path: [any CodingKey] = []
    var node: DecodingNode? = self
    while let current = node {
      if let step = current.step { path.append(step.key) }
      node = current.parent
    }
    path.reverse()
    return path
  }

  func context(_ step: CodingStep?, _ message: String) -> DecodingError.Context {
    let path = codingPath + (step.map { [$0.key] } ?? [])
    return DecodingError.Context(codingPath: path, debugDescription: "\(message) (at \(path.placeName))")
  }

  /// The value's array or object; throws for any other type and at the depth limit.
  func container<Content>(_ type: Any.Type, _ name: String, _ content: Content?) throws -> Content {
    guard let content else { throw reader.mismatch(type, name) }
    guard depth < depthMax, calls <= callsMax else {
      throw tooDeep()
    }
    return content
  }

  func tooDeep() -> DecodingError {
    .dataCorrupted(context(nil, "arrays and objects nest deeper than \(depthMax)"))
  }

  func object() throws -> JSONObject { try container([String: JSONValue].self, "an object", value.objectValue) }

  func array() throws -> [JSONValue] { try container([JSONValue].self, "an array", value.arrayValue) }

  /// A member's value.
  func member(_ name: String) -> JSONValue? {
    if hint < members.count {
      let next = members[hint]
      if next.key.hasSameBytes(as: name) {
        hint += 1
        return next.value
      }
    }
    guard let position = members.position(of: name) else { return nil }
    hint = position + 1
    return members[position].value
  }
}

extension DecodingNode: Decoder {
  var userInfo: [CodingUserInfoKey: Any] {
    var node = self
    while let parent = node.parent { node = parent }
    return node.ownUserInfo?.mapValues { $0 } ?? [:]
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    _ = try object()
    return KeyedDecodingContainer(CodingKeyedDecoder(node: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    CodingUnkeyedDecoder(node: self, elements: try array())
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { CodingSingleDecoder(node: self) }
}
