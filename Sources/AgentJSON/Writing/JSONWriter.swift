/// Writes JSON text piece by piece; for hot paths, where building a `JSONValue` first would cost too much.
///
/// Of the structure only the commas between members are looked after, by `member`; the rest is the caller's duty.
public struct JSONWriter: Sendable {
  /// The UTF-8 text so far.
  public var bytes: [UInt8] = []

  /// A writer with room for that many bytes.
  public init(reserving capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  /// Writes JSON text as it stands.
  public mutating func raw(_ text: StaticString) {
    text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
  }

  /// Writes bytes of JSON text as they stand.
  public mutating func raw(_ text: some Sequence<UInt8>) { bytes.append(contentsOf: text) }

  /// Writes a key, which must need no escapes, with its colon, after a comma where one is due.
  public mutating func member(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    raw(name)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  /// Writes a key, quoted and escaped, with its colon, after a comma where one is due.
  public mutating func member(_ name: String) {
    separate()
    string(name)
    bytes.append(UInt8(ascii: ":"))
  }

  /// Writes a comma unless nothing, an opening bracket, a comma or a colon goes before.
  public mutating func separate() {
    switch bytes.last {
    case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "\n"): return
    default: bytes.append(UInt8(ascii: ","))
    }
  }

  /// Writes a string, quoted and escaped.
  public mutating func string(_ text: String) {
    let source = text.utf8.span
    bytes.append(UInt8(ascii: "\""))
    var start = 0
    while true {
      let end = source.plainRun(from: start).end
      bytes.append(source, start..<end)
      guard end < source.count else { break }
      escape(source[end])
      start = end + 1
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes `true` or `false`.
  public mutating func bool(_ value: Bool) { if value { raw("true") } else { raw("false") } }

  /// Writes an integer.
  public mutating func integer(_ value: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = bytes.count
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
      rest = quotient
    } while rest > 0
    bytes[start...].reverse()
  }

  /// Writes the shortest text that parses to the same double; `null` for NaN and infinities, which JSON lacks.
  public mutating func double(_ value: Double) {
    guard value.isFinite else { return raw("null") }
    bytes.append(contentsOf: value.description.utf8)
  }

  /// Writes a value without white space.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        self.value(element)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object): self.object(object)
    default: scalar(value)
    }
  }

  /// Writes an object without white space.
  public mutating func object(_ object: JSONObject) {
    bytes.append(UInt8(ascii: "{"))
    for (index, member) in object.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      string(member.key)
      bytes.append(UInt8(ascii: ":"))
      value(member.value)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  mutating func scalar(_ value: JSONValue) {
    switch value {
    case .null, .array, .object: raw("null")
    case .bool(let value): bool(value)
    case .integer(let value): integer(value)
    case .double(let value): double(value)
    case .number(let value): bytes.append(contentsOf: value.literal.utf8)
    case .string(let value): string(value)
    }
  }

  private mutating func escape(_ byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x00..<0x20:
      raw("u00")
      bytes.append(UInt8(ascii: "0") + byte >> 4)
      let low = byte & 0x0F
      bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") - 10 + low)
    default: bytes.append(byte)
    }
  }
}
