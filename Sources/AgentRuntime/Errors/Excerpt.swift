public import AgentJSON

extension JSONValue {
  /// The value for a message: a scalar cut to a bounded length, of anything larger what it is.
  public var excerpt: String {
    switch self {
    case .string(let text): "\"\(text.excerpt)\""
    case .array(let elements): elements.isEmpty ? "[]" : "an array of \(elements.count)"
    case .object(let object): object.isEmpty ? "{}" : "an object of \(object.count)"
    default: encodedText.excerpt
    }
  }
}

extension String {
  /// The text for a message, cut to a bounded length.
  var excerpt: String { utf8.count > 80 ? String(unicodeScalars.prefix(77)) + "..." : self }
}
