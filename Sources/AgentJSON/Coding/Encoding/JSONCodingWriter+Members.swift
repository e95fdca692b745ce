extension JSONCodingWriter {
  /// Writes a scalar as a member, or as an element if there is no name.
  @inline(__always)
  mutating func scalar(
    _ name: String?, in frame: EncodingFrameID, _ write: (inout JSONWriter) -> Void
  ) throws {
    if try reach(frame) {
      begin(name, in: frame.index)
      return write(&text)
    }
    var late = JSONWriter()
    write(&late)
    insert(late.bytes, name, in: frame.index)
  }

  /// Writes the comma and the key that go before a value at the end of the text.
  mutating func begin(_ name: String?, in index: Int) {
    if let name {
      if frames[index].keys.mayRepeat(name) { removeMember(name, of: index) }
      text.member(name)
    } else {
      text.separate()
    }
    frames[index].count += 1
  }

  /// Writes the value of a frame that has none yet.
  @inline(__always)
  mutating func single(_ frame: EncodingFrameID, _ write: (inout JSONWriter) -> Void) throws {
    let isInline = try reachEmpty(frame)
    frames[frame.index].content = .scalar
    if isInline { return write(&text) }
    var late = JSONWriter()
    write(&late)
    replaceValue(of: frame.index, with: late.bytes)
  }

  /// Makes a frame the innermost as `reach` does, if it has no content yet.
  mutating func reachEmpty(_ frame: EncodingFrameID) throws -> Bool {
    let isInline = try reach(frame)
    guard frames[frame.index].content == .nothing else {
      throw fault(
        frame.id, "the value is already encoded as \(frames[frame.index].content)", nil, in: frame.index)
    }
    return isInline
  }

  /// Adds a container, or a place for a super class, to a container.
  mutating func nest(
    _ name: String?, _ step: CodingStep, in frame: EncodingFrameID, _ content: EncodingFrame.Content
  ) -> EncodingFrameID {
    do {
      let parent = frame.index
      if try reach(frame) {
        let mark = text.bytes.count
        begin(name, in: parent)
        let index = try push(step, parent: parent, depth: frames[parent].depth, mark: mark)
        let nested = EncodingFrameID(index: index, id: frames[index].id)
        return content == .nothing ? nested : open(nested, content)
      }
      return try nestLate(name, step, in: frame, content)
    } catch {
      pendingFault = error as? EncodingError
      return .none
    }
  }
}
