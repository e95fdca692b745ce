/// Server-sent events out of bytes that arrive in pieces: the `data` of each event, other fields are skipped.
///
/// Line ends are LF, CR or CRLF, a byte order mark at the start is dropped, comments are ignored; an event may be split
/// at any byte. An event that came whole is handed out where it stands, without a copy.
package struct EventStreamParser: Sendable {
  /// An event is larger than `eventMax`.
  package struct EventTooLarge: Error {
    package let eventMax: Int
  }

  private let eventMax: Int
  /// The start of a line whose end has not arrived.
  private var line: [UInt8] = []
  /// The data of an event whose end has not arrived.
  private var data: [UInt8] = []
  private var hasData = false
  private var isFirstLine = true
  /// The last byte was CR: an LF that follows belongs to it.
  private var skipsLineFeed = false

  package init(eventMax: Int = 16 << 20) { self.eventMax = eventMax }

  /// Hands out each event that ends in these bytes. Throws `EventTooLarge`, or what `onEvent` throws.
  package mutating func feed(_ bytes: Span<UInt8>, onEvent: (Span<UInt8>) throws -> Void) throws {
    guard !bytes.isEmpty else { return }
    var start = skipsLineFeed && bytes[0] == Self.lineFeed ? 1 : 0
    skipsLineFeed = false
    // Where in `bytes` the current event's data stands, as long as that is one line of this input.
    var direct: Range<Int>?
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      guard byte == Self.lineFeed || byte == Self.carriageReturn else {
        index += 1
        continue
      }
      if line.isEmpty, start == index {
        try dispatch(bytes, direct.take(), onEvent)
      } else {
        endLine(bytes, start..<index, &direct)
      }
      index += 1
      if byte == Self.carriageReturn {
        if index == bytes.count { skipsLineFeed = true } else if bytes[index] == Self.lineFeed { index += 1 }
      }
      start = index
    }
    if let direct { store(bytes, direct) }
    line.append(bytes, start..<bytes.count)
    guard line.count + data.count <= eventMax else { throw EventTooLarge(eventMax: eventMax) }
  }

  /// The stream ended: hands out an event that lacks only its blank line, as some servers' last one does.
  package mutating func finish(onEvent: (Span<UInt8>) throws -> Void) throws {
    try feed([Self.lineFeed, Self.lineFeed].span, onEvent: onEvent)
  }
}

extension EventStreamParser {
  private static var lineFeed: UInt8 { UInt8(ascii: "\n") }
  private static var carriageReturn: UInt8 { UInt8(ascii: "\r") }

  private mutating func dispatch(
    _ bytes: Span<UInt8>, _ direct: Range<Int>?, _ onEvent: (Span<UInt8>) throws -> Void
  ) throws {
    if let direct { return try onEvent(bytes.extracting(direct)) }
    guard hasData else { return }
    hasData = false
    defer { data.removeAll(keepingCapacity: true) }
    try onEvent(data.span)
  }

  /// Takes in the line that ends with this range of the input, of which `line` holds the start if it came earlier.
  private mutating func endLine(_ bytes: Span<UInt8>, _ range: Range<Int>, _ direct: inout Range<Int>?) {
    defer { isFirstLine = false }
    guard line.isEmpty else {
      line.append(bytes, range)
      if let value = dataValue(line.span, 0..<line.count) {
        if hasData { data.append(Self.lineFeed) }
        data.append(contentsOf: line[value])
        hasData = true
      }
      return line.removeAll(keepingCapacity: true)
    }
    guard let value = dataValue(bytes, range) else { return }
    if !hasData, direct == nil {
      direct = value
    } else {
      if let first = direct.take() { store(bytes, first) }
      store(bytes, value)
    }
  }

  private mutating func store(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    if hasData { data.append(Self.lineFeed) }
    data.append(bytes, range)
    hasData = true
  }

  /// Where in a line the value of its `data` field stands; nil for a comment and for other fields.
  private func dataValue(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int>? {
    var start = range.lowerBound
    if isFirstLine, range.count >= 3, bytes[start] == 0xEF, bytes[start + 1] == 0xBB, bytes[start + 2] == 0xBF {
      start += 3
    }
    guard range.upperBound - start >= 4, bytes[start] == UInt8(ascii: "d"), bytes[start + 1] == UInt8(ascii: "a"),
      bytes[start + 2] == UInt8(ascii: "t"), bytes[start + 3] == UInt8(ascii: "a")
    else { return nil }
    start += 4
    guard start < range.upperBound else { return start..<start }
    guard bytes[start] == UInt8(ascii: ":") else { return nil }
    start += 1
    if start < range.upperBound, bytes[start] == UInt8(ascii: " ") { start += 1 }
    return start..<range.upperBound
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    // The pointer does not leave the closure.
    unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
