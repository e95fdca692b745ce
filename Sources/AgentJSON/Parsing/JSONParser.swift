/// A parser that keeps the open arrays and objects itself, so that depth costs no stack.
///
/// The bytes are passed to each method, since a stored span would tie the parser's lifetime.
struct JSONParser {
  /// An array or object that is not closed yet.
  private struct Container {
    let isObject: Bool
    var elements: [JSONValue] = []
    var members = JSONObject()
    /// The key whose value is next.
    var key = ""

    mutating func add(_ value: consuming JSONValue) {
      guard isObject else { return elements.append(value) }
      var name = ""
      // Moved out, since a copy would cost a retain and a release.
      swap(&name, &key)
      members.appendNew(name, value)
    }

    consuming func closed() -> JSONValue { isObject ? .object(members) : .array(elements) }
  }

  /// How many containers there is room for from the start; most documents are no deeper.
  private static let firstDepth = 8

  var position = 0
  private let depthMax: Int
  /// Text of a string with escapes, kept to save allocations.
  var unescaped: [UInt8] = []

  init(limits: JSONLimits) {
    depthMax = min(max(limits.depthMax, 0), JSONLimits.depthCeiling)
  }

  mutating func document(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONValue {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
      throw JSONFault(.byteOrderMark, 0, .noMark)
    }
    skipWhitespace(bytes)
    let value = try value(bytes)
    skipWhitespace(bytes)
    guard position == bytes.count else { throw JSONFault(.trailingContent, position, .end) }
    return value
  }

  private mutating func value(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONValue {
    var open: [Container] = []
    open.reserveCapacity(Self.firstDepth)
    var expected = JSONFault.Expected.value
    while true {
      var value: JSONValue
      let first = position < bytes.count ? bytes[position] : 0
      if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
        let isObject = first == UInt8(ascii: "{")
        guard open.count < depthMax else { throw JSONFault(.depthExceeded, position, .lessDepth) }
        position += 1
        skipWhitespace(bytes)
        if !take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"), bytes) {
          open.append(Container(isObject: isObject))
          if isObject { try key(bytes, .keyOrEnd, &open[open.count - 1]) }
          expected = isObject ? .value : .valueOrEnd
          continue
        }
        value = isObject ? .object(JSONObject()) : .array([])
      } else {
        value = try scalar(bytes, expected)
      }
      while true {
        guard !open.isEmpty else { return value }
        if try goesOn(bytes, with: value, &open[open.count - 1]) { break }
        value = open.removeLast().closed()
      }
      expected = .value
    }
  }

  /// Adds a value to a container, and takes what follows; false if that is the container's end.
  @inline(__always)
  private mutating func goesOn(
    _ bytes: Span<UInt8>, with value: consuming JSONValue, _ container: inout Container
  ) throws(JSONFault) -> Bool {
    let isObject = container.isObject
    container.add(value)
    skipWhitespace(bytes)
    if take(UInt8(ascii: ","), bytes) {
      skipWhitespace(bytes)
      if isObject { try key(bytes, .key, &container) }
      return true
    }
    guard take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"), bytes) else {
      throw unexpected(bytes, isObject ? .commaOrObjectEnd : .commaOrArrayEnd)
    }
    return false
  }

  /// Parses a key with its colon.
  private mutating func key(
    _ bytes: Span<UInt8>, _ expected: JSONFault.Expected, _ container: inout Container
  ) throws(JSONFault) {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw unexpected(bytes, expected) }
    let offset = position
    container.key = try string(bytes)
    // Before the value is parsed, so that the first fault in the text is the one reported.
    guard !container.members.contains(key: container.key) else { throw JSONFault(.duplicateKey, offset, .uniqueKey) }
    skipWhitespace(bytes)
    guard take(UInt8(ascii: ":"), bytes) else { throw unexpected(bytes, .colon) }
    skipWhitespace(bytes)
  }

  private mutating func scalar(
    _ bytes: Span<UInt8>, _ expected: JSONFault.Expected
  ) throws(JSONFault) -> JSONValue {
    guard position < bytes.count else { throw JSONFault(.unexpectedEnd, position, expected) }
    switch bytes[position] {
    case UInt8(ascii: "\""): return .string(try string(bytes))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes)
    case UInt8(ascii: "t"):
      try literal("true", bytes)
      return .bool(true)
    case UInt8(ascii: "f"):
      try literal("false", bytes)
      return .bool(false)
    case UInt8(ascii: "n"):
      try literal("null", bytes)
      return .null
    default: throw JSONFault(.unexpectedByte, position, expected)
    }
  }

  private mutating func literal(_ text: StaticString, _ bytes: Span<UInt8>) throws(JSONFault) {
    let start = position
    for index in 0..<text.utf8CodeUnitCount {
      position = start + index
      guard position < bytes.count else { throw JSONFault(.unexpectedEnd, position, .literal) }
      // A StaticString of ASCII is a pointer to that many bytes.
      guard unsafe text.utf8Start[index] == bytes[position] else {
        throw JSONFault(.invalidLiteral, position, .literal)
      }
    }
    position += 1
  }

  private func unexpected(_ bytes: Span<UInt8>, _ expected: JSONFault.Expected) -> JSONFault {
    JSONFault(position < bytes.count ? .unexpectedByte : .unexpectedEnd, position, expected)
  }

  @inline(__always)
  private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  @inline(__always)
  private mutating func skipWhitespace(_ bytes: Span<UInt8>) {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      position += 1
    }
  }
}
