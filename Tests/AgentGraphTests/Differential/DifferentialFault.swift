import AgentJSON

/// A graph file that is not of the format, or needs more than these tests have.
struct DifferentialFault: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// What a node of a graph file throws on purpose.
struct NodeFailed: Error, CustomStringConvertible {
  let description: String
}

/// Values as the format wants them; what is of another type is a fault of the file.
extension JSONValue {
  var text: String { get throws { try expect(stringValue, "a string") } }
  var integer: Int { get throws { try expect(intValue, "an integer") } }
  var items: [JSONValue] { get throws { try expect(arrayValue, "a list") } }
  var object: JSONObject { get throws { try expect(objectValue, "an object") } }

  func member(_ key: String) throws -> JSONValue {
    guard let value = self[key] else { throw DifferentialFault("\"\(key)\" is missing in \(encodedText)") }
    return value
  }

  /// The element at a place of a list.
  func item(_ place: Int) throws -> JSONValue {
    let items = try items
    guard items.indices.contains(place) else { throw DifferentialFault("too few operands: \(encodedText)") }
    return items[place]
  }

  private func expect<T>(_ value: T?, _ what: String) throws -> T {
    guard let value else { throw DifferentialFault("\(encodedText) is not \(what)") }
    return value
  }

  /// The same with members in the order of their keys.
  var sorted: JSONValue {
    switch self {
    case .array(let items): .array(items.map(\.sorted))
    case .object(let object):
      .object(
        JSONObject(object.map { ($0.key, $0.value.sorted) }.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }))
    default: self
    }
  }

  /// JSON without spaces and with sorted keys.
  var sortedText: String { sorted.encodedText }
}
