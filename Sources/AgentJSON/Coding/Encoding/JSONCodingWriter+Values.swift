extension JSONCodingWriter {
  /// Writes the outermost value.
  mutating func document<T: Encodable>(_ value: T) throws { try nested(value, nil, text.bytes.count) }

  /// Writes a value in a frame of its own; what is before it, from `mark` on, goes too if that fails.
  mutating func nested<T: Encodable>(_ value: T, _ step: CodingStep?, _ mark: Int) throws {
    let slot = try push(step, parent: top, depth: depth, mark: mark)
    do {
      try fill(value, slot)
      try finish(slot)
    } catch {
      rollBack(slot)
      throw error
    }
  }

  /// Writes a value for a frame that is the innermost.
  mutating func fill<T: Encodable>(_ value: T, _ slot: Int) throws {
    if let type = T.self as? any JSONWritable.Type {
      frames[slot].content = .scalar
      // No container around may be written to, since its text would get into the middle of this one's.
      let outerBase = base
      base = slot + 1
      defer { base = outerBase }
      try write(value, as: type)
    } else {
      try lend { try value.encode(to: CodingEncoder(session: $0, frame: $1)) }
    }
  }

  /// Runs code that reaches the writer through the session.
  mutating func lend(_ body: (EncodingSession, EncodingFrameID) throws -> Void) throws {
    let slot = EncodingFrameID(index: top, id: frames[top].id)
    let session = self.session ?? EncodingSession(options: options)
    self.session = session
    swap(&self, &session.writer)
    defer { swap(&self, &session.writer) }
    try body(session, slot)
  }

  private mutating func write<T: Encodable, W: JSONWritable>(_ value: T, as type: W.Type) throws {
    guard let value = value as? W else { preconditionFailure("both types are the same") }
    try value.write(to: &self)
  }

  /// Writes an array; its elements share a frame, and what kind of type they are is looked up once.
  mutating func elements<T: Encodable>(_ values: [T]) throws {
    try enter()
    text.raw("[")
    if !values.isEmpty {
      let slot = try push(.index(0), parent: top, depth: depth, mark: text.bytes.count)
      do {
        if let type = T.self as? any JSONWritable.Type {
          frames[slot].content = .scalar
          try writeElements(values, as: type, slot)
        } else {
          try lend { session, _ in try session.encodeElements(values, slot) }
        }
        pop(slot)
      } catch {
        rollBack(slot)
        throw error
      }
    }
    text.raw("]")
    depth -= 1
  }

  private mutating func writeElements<T: Encodable, W: JSONWritable>(
    _ values: [T], as type: W.Type, _ slot: Int
  ) throws {
    let values = same(values, as: [W].self)
    for index in values.indices {
      if index > 0 {
        text.bytes.append(UInt8(ascii: ","))
        frames[slot].step = .index(index)
      }
      try values[index].write(to: &self)
    }
  }
}
