/// Holds the writer while `encode(to:)` runs, whose containers share it.
final class EncodingSession {
  /// Not checked at run time, which would cost a tenth of encoding: no access lasts while a type's own code runs,
  /// and a session stays in the call that made it.
  @exclusivity(unchecked) private var stored: JSONCodingWriter

  var writer: JSONCodingWriter {
    @inline(__always) _read { yield unsafe stored }
    @inline(__always) _modify { yield unsafe &stored }
  }

  init(options: JSONCodingOptions) { unsafe stored = JSONCodingWriter(options: options) }

  /// Writes a value as a member, or as an element if there is no name.
  func encode<T: Encodable>(_ value: T, _ name: String?, _ step: CodingStep, in frame: EncodingFrameID) throws {
    guard try writer.reach(frame) else {
      return try withWriter { try $0.insert(value, name, step, in: frame) }
    }
    let mark = writer.text.bytes.count
    writer.begin(name, in: frame.index)
    let slot = try writer.push(step, parent: frame.index, depth: writer.frames[frame.index].depth, mark: mark)
    do {
      try fill(value, slot)
      try writer.finish(slot)
    } catch {
      writer.rollBack(slot)
      throw error
    }
  }

  /// Writes a value in place of the one that a frame stands for.
  func encodeSingle<T: Encodable>(_ value: T, _ frame: EncodingFrameID) throws {
    let isInline = try writer.reachEmpty(frame)
    try withWriter { writer in
      if isInline {
        writer.depth = writer.frames[frame.index].depth
        try writer.nested(value, nil, writer.text.bytes.count)
      } else {
        writer.replaceValue(of: frame.index, with: try writer.aside(value, nil, in: frame.index))
      }
      writer.frames[frame.index].content = .scalar
    }
  }

  /// Encodes elements one after the other into a frame that they share.
  func encodeElements<T: Encodable>(_ values: [T], _ slot: Int) throws {
    for index in values.indices {
      let frame = writer.nextElement(index, slot)
      try values[index].encode(to: CodingEncoder(session: self, frame: frame))
      try writer.endElement(slot)
    }
  }

  private func fill<T: Encodable>(_ value: T, _ slot: Int) throws {
    if T.self is any JSONWritable.Type { return try withWriter { try $0.fill(value, slot) } }
    let id = writer.frames[slot].id
    try value.encode(to: CodingEncoder(session: self, frame: EncodingFrameID(index: slot, id: id)))
  }

  /// Moves the writer out meanwhile, so that it can be passed on.
  private func withWriter(_ body: (inout JSONCodingWriter) throws -> Void) throws {
    var taken = JSONCodingWriter(options: writer.options)
    swap(&taken, &writer)
    defer { swap(&taken, &writer) }
    try body(&taken)
  }
}
