/// Writes the JSON of a `JSONWritable` type: one value, which may be an object or array with any `Encodable` in it.
///
/// ```
/// func write(to writer: inout JSONCodingWriter) throws {
///   try writer.object {
///     $0.member("id", id)
///     try $0.member("parts", parts)
///   }
/// }
/// ```
/// The keys of one object must differ, which is not checked here.
public struct JSONCodingWriter {
  var text = JSONWriter(reserving: 0)
  let options: JSONCodingOptions
  let depthMax: Int
  /// The values being encoded, and containers that may still be written to.
  var frames: [EncodingFrame] = []
  /// The innermost open frame; -1 for none.
  var top = -1
  /// The first frame whose text is in `text`; before it are those whose text is set aside.
  var base = 0
  /// How many arrays and objects are open where a `JSONWritable` writes.
  var depth = 0
  /// What a call that cannot throw came upon.
  var pendingFault: EncodingError?
  private var lastID = 0
  /// Holds the writer while `encode(to:)` runs.
  var session: EncodingSession?

  init(options: JSONCodingOptions) {
    self.options = options
    depthMax = options.depthMax
  }

  mutating func nextID() -> Int {
    lastID &+= 1
    return lastID
  }
}

// A writer belongs to the one call that it is passed to.
@available(*, unavailable) extension JSONCodingWriter: Sendable {}

extension JSONCodingWriter {
  /// Writes an object with the members that the closure writes; throws at the depth limit.
  public mutating func object(_ members: (inout JSONCodingWriter) throws -> Void) throws {
    try enter()
    text.raw("{")
    try members(&self)
    text.raw("}")
    depth -= 1
  }

  /// Writes an array with the values that the closure writes by `element`; throws at the depth limit.
  public mutating func array(_ elements: (inout JSONCodingWriter) throws -> Void) throws {
    try enter()
    text.raw("[")
    try elements(&self)
    text.raw("]")
    depth -= 1
  }

  /// Writes a member of an object.
  public mutating func member(_ name: StaticString, _ value: String) {
    text.member(name)
    text.string(value)
  }

  /// Writes a member of an object.
  public mutating func member(_ name: StaticString, _ value: Int) {
    text.member(name)
    text.digits(value)
  }

  /// Writes a member of an object.
  public mutating func member(_ name: StaticString, _ value: Bool) {
    text.member(name)
    text.bool(value)
  }

  /// Writes a member of an object; throws what the value's own code throws. The name must need no escapes.
  public mutating func member<T: Encodable>(_ name: StaticString, _ value: T) throws {
    let mark = text.bytes.count
    text.member(name)
    try nested(value, .name(name.description), mark)
  }

  /// Writes a member of an object; throws what the value's own code throws.
  public mutating func member<T: Encodable>(named name: String, _ value: T) throws {
    let mark = text.bytes.count
    text.member(name)
    try nested(value, .name(name), mark)
  }

  /// Writes a member of an object unless it is nil; throws what the value's own code throws.
  public mutating func memberIfPresent<T: Encodable>(_ name: StaticString, _ value: T?) throws {
    if let value { try member(name, value) }
  }

  /// Writes an element of an array; throws what the value's own code throws. The index is for messages.
  public mutating func element<T: Encodable>(_ value: T, at index: Int) throws {
    let mark = text.bytes.count
    text.separate()
    try nested(value, .index(index), mark)
  }

  /// Writes a value; throws what the value's own code throws.
  public mutating func value<T: Encodable>(_ value: T) throws { try nested(value, nil, text.bytes.count) }

  /// Writes a string.
  public mutating func value(_ value: String) { text.string(value) }

  /// Writes an integer.
  public mutating func value(_ value: Int) { text.digits(value) }

  /// Writes `true` or `false`.
  public mutating func value(_ value: Bool) { text.bool(value) }

  /// Writes a double as the shortest text that reads as the same; throws if it is not finite and that is refused.
  public mutating func value(_ value: Double) throws {
    if value.isFinite { return text.double(value) }
    text.string(try nonFinite(value, nil, in: top))
  }

  /// Writes `null`.
  public mutating func null() { text.raw("null") }

  /// An error that names the place being written.
  public func fault(_ value: Any, _ message: String) -> EncodingError { fault(value, message, nil, in: top) }

  mutating func enter() throws {
    guard depth < depthMax else { throw tooDeep(in: top) }
    depth += 1
  }
}

extension JSONCodingWriter {
  /// The steps from the document to a frame.
  func path(_ index: Int) -> [any CodingKey] {
    var path: [any CodingKey] = []
    var index = index
    while index >= 0, index < frames.count {
      if let step = frames[index].step { path.append(step.key) }
      index = frames[index].parent
    }
    path.reverse()
    return path
  }

  func fault(_ value: Any, _ message: String, _ step: CodingStep?, in index: Int) -> EncodingError {
    let path = path(index) + (step.map { [$0.key] } ?? [])
    let context = EncodingError.Context(codingPath: path, debugDescription: "\(message) (at \(path.placeName))")
    return EncodingError.invalidValue(value, context)
  }

  func tooDeep(in index: Int) -> EncodingError {
    // Of a path this long only the start is of use, and the value itself is not at hand.
    fault(Optional<Int>.none as Any, "arrays and objects nest deeper than \(depthMax)", nil, in: index)
  }

  /// The string that stands for a number that is not finite.
  func nonFinite(_ value: Double, _ step: CodingStep?, in index: Int) throws -> String {
    guard options.nonFinite == .strings else {
      throw fault(value, "JSON has no \(value), and the options refuse it", step, in: index)
    }
    return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
  }
}
