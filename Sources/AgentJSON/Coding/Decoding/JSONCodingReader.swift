/// A value to read a `JSONReadable` type from, with its place in the document.
///
/// ```
/// init(json: JSONCodingReader) throws {
///   id = try json.member("id")
///   parts = try json.member("parts")
/// }
/// ```
/// All methods throw a `DecodingError` that names the place.
public struct JSONCodingReader {
  /// The value itself.
  public let value: JSONValue
  private let parent: DecodingNode
  /// The place in the parent; nil if the parent is this value's own node.
  private let step: CodingStep?

  init(_ value: JSONValue, node: DecodingNode) {
    self.value = value
    parent = node
    step = nil
  }

  init(_ value: JSONValue, in parent: DecodingNode, at step: CodingStep) {
    self.value = value
    self.parent = parent
    self.step = step
  }

  var node: DecodingNode { step == nil ? parent : DecodingNode(value, in: parent, at: step) }
  var nonFinite: JSONCodingOptions.NonFinite { parent.nonFinite }
}

// A reader belongs to the one call that it is passed to.
@available(*, unavailable) extension JSONCodingReader: Sendable {}

extension JSONCodingReader {
  /// The string member of that name.
  public func member(_ name: String) throws -> String {
    if case .string(let text) = try raw(name) { return text }
    return try reader(name).decode(String.self)
  }

  /// The integer member of that name.
  public func member(_ name: String) throws -> Int {
    if case .integer(let integer) = try raw(name) { return integer }
    return try reader(name).decode(Int.self)
  }

  /// The boolean member of that name.
  public func member(_ name: String) throws -> Bool {
    if case .bool(let bool) = try raw(name) { return bool }
    return try reader(name).decode(Bool.self)
  }

  /// The double member of that name.
  public func member(_ name: String) throws -> Double {
    if case .double(let double) = try raw(name) { return double }
    return try reader(name).decode(Double.self)
  }

  /// The member of that name; throws if there is none, unless the type is an optional.
  public func member<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
    if let value = try object()[name] { return try nested(value, name).decode(type) }
    if let type = T.self as? any JSONAbsentReadable.Type, let absent = type.absent as? T { return absent }
    throw missing(name)
  }

  /// The member of that name; nil if there is none or it is `null`.
  public func memberIfPresent<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T? {
    guard let value = try object()[name], !value.isNull else { return nil }
    return try nested(value, name).decode(type)
  }

  /// Whether there is a member of that name.
  public func contains(_ name: String) throws -> Bool { try object().contains(key: name) }

  /// The elements of an array, each of which is read by the closure.
  public func elements<T>(_ read: (JSONCodingReader) throws -> T) throws -> [T] {
    let node = node
    let elements = try node.array()
    var result: [T] = []
    result.reserveCapacity(elements.count)
    for index in elements.indices {
      result.append(try read(JSONCodingReader(elements[index], in: node, at: .index(index))))
    }
    return result
  }

  /// The value as any type.
  public func decode<T: Decodable>(_ type: T.Type) throws -> T {
    guard let readable = type as? any JSONReadable.Type else { return try T(from: checkedNode()) }
    return try read(readable)
  }

  private func read<T: JSONReadable, Same>(_ type: T.Type) throws -> Same {
    guard let value = try T(json: self) as? Same else { preconditionFailure("both types are the same") }
    return value
  }

  private func checkedNode() throws -> DecodingNode {
    let node = step == nil ? DecodingNode(value, in: parent, at: nil) : node
    guard node.calls <= node.callsMax else {
      throw DecodingError.dataCorrupted(node.context(nil, "the types nest deeper than \(node.callsMax) calls"))
    }
    return node
  }
}

extension JSONCodingReader {
  private func object() throws -> JSONObject {
    guard case .object(let object) = value else { throw mismatch([String: JSONValue].self, "an object") }
    return object
  }

  private func raw(_ name: String) throws -> JSONValue {
    guard let value = try object()[name] else { throw missing(name) }
    return value
  }

  private func reader(_ name: String) throws -> JSONCodingReader { try nested(raw(name), name) }

  private func nested(_ value: JSONValue, _ name: String) throws -> JSONCodingReader {
    let node = node
    guard node.depth < node.depthMax else { throw node.tooDeep() }
    return JSONCodingReader(value, in: node, at: .name(name))
  }

  private func missing(_ name: String) -> DecodingError {
    DecodingError.keyNotFound(CodingPathKey(stringValue: name), context("there is no member \"\(name)\""))
  }

  func context(_ message: String) -> DecodingError.Context { parent.context(step, message) }

  /// An error that names the place and says what was found instead of what was expected.
  public func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
    let context = context("expected \(expected), found \(value.kindName)\(value.brief)")
    return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
  }

  /// An error that names the place of a value of the right type that is not allowed.
  public func fault(_ message: String) -> DecodingError { .dataCorrupted(context("\(message), found \(value.brief)")) }
}

extension JSONValue {
  fileprivate var kindName: String {
    switch self {
    case .null, .bool, .array, .object: ""
    case .integer, .double, .number: "the number "
    case .string: "the string "
    }
  }
}

/// A type with a value for a member that is not there.
protocol JSONAbsentReadable {
  static var absent: Self { get }
}

extension Optional: JSONAbsentReadable {
  static var absent: Wrapped? { nil }
}
