/// Writing to containers that are closed already, because something else was written after them. This is rare, and
/// costs time in proportion to the text behind the place.
extension JSONCodingWriter {
  /// Inserts a value as a member or an element at the end of a closed container.
  mutating func insert<T: Encodable>(
    _ value: T, _ name: String?, _ step: CodingStep, in frame: EncodingFrameID
  ) throws {
    insert(try aside(value, step, in: frame.index), name, in: frame.index)
  }

  /// The text of a value whose frame is within a closed one.
  mutating func aside<T: Encodable>(_ value: T, _ step: CodingStep?, in index: Int) throws -> [UInt8] {
    let (outerTop, outerBase) = (top, base)
    var piece: [UInt8] = []
    swap(&piece, &text.bytes)
    base = frames.count
    defer {
      swap(&piece, &text.bytes)
      (top, base) = (outerTop, outerBase)
    }
    let slot = try push(step, parent: index, depth: frames[index].depth, mark: 0)
    do {
      try fill(value, slot)
      try finish(slot)
    } catch {
      rollBack(slot)
      throw error
    }
    return text.bytes
  }

  /// Inserts the text of a value likewise.
  mutating func insert(_ value: [UInt8], _ name: String?, in index: Int) {
    if let name, frames[index].keys.mayRepeat(name) { removeMember(name, of: index) }
    let place = frames[index].end - 1
    var piece = JSONWriter(reserving: value.count + 64)
    let isFirst = place == frames[index].start + 1
    if !isFirst { piece.raw(",") }
    if let name {
      piece.string(name)
      piece.raw(":")
    }
    piece.raw(value)
    replace(place..<place, with: piece.bytes)
    frames[index].count += 1
  }

  /// Adds an empty container to a closed one, itself closed.
  mutating func nestLate(
    _ name: String?, _ step: CodingStep, in frame: EncodingFrameID, _ content: EncodingFrame.Content
  ) throws -> EncodingFrameID {
    let parent = frame.index
    let depth = frames[parent].depth + (content == .nothing ? 0 : 1)
    guard depth <= depthMax, frames[parent].calls < options.callsMax else { throw tooDeep(in: parent) }
    insert(Array(content == .array ? "[]".utf8 : "{}".utf8), name, in: parent)
    let end = frames[parent].end - 1
    frames.append(
      EncodingFrame(
        step: step, parent: parent, id: nextID(), content: content, isOpen: false, mark: end - 2, start: end - 2,
        end: end, depth: depth, calls: frames[parent].calls + 1, outerDepth: self.depth))
    return EncodingFrameID(index: frames.count - 1, id: frames[frames.count - 1].id)
  }

  /// Puts a value in place of the empty object that a closed frame without content has.
  mutating func replaceValue(of index: Int, with value: [UInt8]) {
    let start = frames[index].start
    replace(start..<frames[index].end, with: value)
    frames[index].end = start + value.count
  }

  /// Replaces a part of the text and moves the frames behind it.
  mutating func replace(_ range: Range<Int>, with piece: [UInt8]) {
    text.bytes.replaceSubrange(range, with: piece)
    let shift = piece.count - range.count
    for index in frames.indices.dropFirst(base) {
      if frames[index].start >= range.upperBound {
        frames[index].start += shift
        frames[index].mark += shift
      }
      if !frames[index].isOpen, frames[index].end > range.upperBound { frames[index].end += shift }
    }
  }

  /// Removes a member that is written again, since a key may stand only once and the last value counts.
  mutating func removeMember(_ name: String, of index: Int) {
    let end = frames[index].isOpen ? text.bytes.count : frames[index].end - 1
    var key = JSONWriter()
    key.string(name)
    guard let range = JSONMemberScan.member(key.bytes, in: text.bytes.span, frames[index].start + 1..<end) else {
      return
    }
    frames[index].count -= 1
    for inner in frames.indices.dropFirst(index + 1) where range.contains(frames[inner].start) {
      frames[inner].id = EncodingFrameID.none.id - 1
    }
    replace(range, with: [])
  }
}

/// Finds a member in the text of an object.
enum JSONMemberScan {
  /// The member with the key, as it is written, and one of the commas beside it.
  static func member(_ key: [UInt8], in bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int>? {
    var position = range.lowerBound
    while position < range.upperBound {
      let start = position
      let keyEnd = stringEnd(bytes, from: position)
      position = valueEnd(bytes, from: keyEnd + 1, before: range.upperBound)
      if keyEnd - start == key.count, key.indices.allSatisfy({ bytes[start + $0] == key[$0] }) {
        if position < range.upperBound { return start..<position + 1 }
        return (start > range.lowerBound ? start - 1 : start)..<position
      }
      position += 1
    }
    return nil
  }

  /// The offset behind the string that starts at an offset.
  private static func stringEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var position = start + 1
    while position < bytes.count {
      position = bytes.plainRun(from: position).end
      if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return position + 1 }
      position += 2
    }
    return bytes.count
  }

  /// The offset of the comma behind a value, or the object's end.
  private static func valueEnd(_ bytes: Span<UInt8>, from start: Int, before end: Int) -> Int {
    var depth = 0
    var position = start
    while position < end {
      switch bytes[position] {
      case UInt8(ascii: "\""): position = stringEnd(bytes, from: position) - 1
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ",") where depth == 0: return position
      default: break
      }
      position += 1
    }
    return end
  }
}
