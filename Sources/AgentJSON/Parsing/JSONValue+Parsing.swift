extension JSONValue {
  /// Parses a UTF-8 text strictly by RFC 8259; repeated keys are faults too.
  public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONParseError) {
    try self.init(parsing: bytes.span, limits: limits)
  }

  /// Parses a text strictly by RFC 8259; repeated keys are faults too.
  public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONParseError) {
    try self.init(parsing: text.utf8.span, limits: limits)
  }

  /// Parses a UTF-8 text strictly by RFC 8259; repeated keys are faults too.
  public init(parsing bytes: RawSpan, limits: JSONLimits = JSONLimits()) throws(JSONParseError) {
    // Any bytes are valid as UInt8, and the buffer does not outlive the closure.
    self = try unsafe bytes.withUnsafeBytes { raw throws(JSONParseError) in
      let buffer = unsafe raw.assumingMemoryBound(to: UInt8.self)
      return try JSONValue(parsing: unsafe buffer.span, limits: limits)
    }
  }

  /// Parses a UTF-8 text strictly by RFC 8259; repeated keys are faults too.
  public init(parsing bytes: Span<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONParseError) {
    var parser = JSONParser(limits: limits)
    do {
      self = try parser.document(bytes)
    } catch {
      throw JSONParseError(error, in: bytes)
    }
  }
}
