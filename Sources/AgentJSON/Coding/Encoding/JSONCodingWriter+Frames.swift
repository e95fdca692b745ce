extension JSONCodingWriter {
  /// Room from the start; few values nest deeper.
  private static let firstFrames = 4

  /// Opens a frame at the end of the text.
  mutating func push(_ step: CodingStep?, parent: Int, depth: Int, mark: Int) throws -> Int {
    let calls = parent < 0 ? 1 : frames[parent].calls + 1
    guard calls <= options.callsMax else { throw tooDeep(in: parent) }
    if frames.isEmpty { frames.reserveCapacity(Self.firstFrames) }
    frames.append(
      EncodingFrame(
        step: step, parent: parent, id: nextID(), mark: mark, start: text.bytes.count, depth: depth, calls: calls,
        outerDepth: self.depth))
    top = frames.count - 1
    self.depth = depth
    return top
  }

  /// Closes a frame and all in it, and forgets them.
  mutating func finish(_ slot: Int) throws {
    if let fault = pendingFault {
      pendingFault = nil
      throw fault
    }
    // Where code has written past this value while it was being encoded, the frame is closed already.
    if frames[slot].isOpen {
      close(to: slot)
      closeTop()
    } else {
      close(to: frames[slot].parent)
    }
    pop(slot)
  }

  /// Forgets a frame and all in it.
  mutating func pop(_ slot: Int) {
    depth = frames[slot].outerDepth
    top = frames[slot].parent
    if frames.count == slot + 1 { frames.removeLast() } else { frames.removeSubrange(slot...) }
  }

  /// Takes back what was written for a frame, with the key and the comma before it.
  mutating func rollBack(_ slot: Int) {
    pendingFault = nil
    text.bytes.removeSubrange(min(frames[slot].mark, text.bytes.count)...)
    pop(slot)
  }

  /// Makes a frame stand for the next of the elements that share it.
  mutating func nextElement(_ index: Int, _ slot: Int) -> EncodingFrameID {
    if index > 0 {
      text.bytes.append(UInt8(ascii: ","))
      frames[slot].renew(.index(index), id: nextID(), start: text.bytes.count)
    }
    return EncodingFrameID(index: slot, id: frames[slot].id)
  }

  /// Closes an element and all in it, but keeps the frame for the next one.
  mutating func endElement(_ slot: Int) throws {
    if let fault = pendingFault { throw fault }
    close(to: slot)
    closeTop()
    if frames.count > slot + 1 { frames.removeSubrange((slot + 1)...) }
  }

  /// Closes all frames within an open one.
  mutating func close(to index: Int) {
    while top != index, top >= base {
      closeTop()
      top = frames[top].parent
    }
  }

  /// Completes the text of the innermost frame; a value for which nothing was encoded is an empty object.
  private mutating func closeTop() {
    switch frames[top].content {
    case .nothing: text.raw("{}")
    case .scalar: break
    case .object: text.raw("}")
    case .array: text.raw("]")
    }
    frames[top].isOpen = false
    frames[top].end = text.bytes.count
  }

  func isKnown(_ frame: EncodingFrameID) -> Bool {
    frame.index >= base && frame.index < frames.count && frames[frame.index].id == frame.id
  }

  /// Makes a container the innermost, so that it can be written to at the end of the text; false if it is closed.
  mutating func reach(_ frame: EncodingFrameID) throws -> Bool {
    guard isKnown(frame) else {
      throw pendingFault ?? fault(frame.id, "the container's value is already complete", nil, in: top)
    }
    if top == frame.index { return true }
    guard frames[frame.index].isOpen else { return false }
    close(to: frame.index)
    return true
  }

  /// Makes an object or array of a frame that has no content yet; no frame if it has another.
  mutating func open(_ frame: EncodingFrameID, _ content: EncodingFrame.Content) -> EncodingFrameID {
    guard isKnown(frame) else { return .none }
    let index = frame.index
    if frames[index].content == content { return frame }
    guard frames[index].content == .nothing else {
      pendingFault = fault(frame.id, "the value is already encoded as \(frames[index].content)", nil, in: index)
      return .none
    }
    guard frames[index].depth < depthMax else {
      pendingFault = tooDeep(in: index)
      return .none
    }
    frames[index].depth += 1
    frames[index].content = content
    if frames[index].isOpen {
      close(to: index)
      text.bytes.append(content == .object ? UInt8(ascii: "{") : UInt8(ascii: "["))
    } else if content == .array {
      replace(frames[index].start..<frames[index].end, with: Array("[]".utf8))
    }
    return frame
  }
}
