extension JSONValue {
  /// The JSON text as UTF-8, with members in their order; `pretty` indents by two spaces.
  public func encoded(pretty: Bool = false) -> [UInt8] {
    var writer = JSONWriter()
    if pretty { writer.pretty(self, indent: 0) } else { writer.value(self) }
    return writer.bytes
  }

  /// The compact JSON text.
  public var encodedText: String { String(decoding: encoded(), as: UTF8.self) }
}

extension JSONWriter {
  fileprivate mutating func pretty(_ value: JSONValue, indent: Int) {
    switch value {
    case .array(let elements) where !elements.isEmpty:
      raw("[")
      for (index, element) in elements.enumerated() {
        line(after: index, indent: indent + 1)
        pretty(element, indent: indent + 1)
      }
      line(after: 0, indent: indent)
      raw("]")
    case .object(let object) where !object.isEmpty:
      raw("{")
      for (index, member) in object.enumerated() {
        line(after: index, indent: indent + 1)
        string(member.key)
        raw(": ")
        pretty(member.value, indent: indent + 1)
      }
      line(after: 0, indent: indent)
      raw("}")
    case .array: raw("[]")
    case .object: raw("{}")
    default: scalar(value)
    }
  }

  private mutating func line(after elements: Int, indent: Int) {
    if elements > 0 { raw(",") }
    raw("\n")
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * 2))
  }
}
