/// Lines out of bytes that arrive in pieces; a line has a greatest length.
struct LineSplitter: Sendable {
  private let lineMax: Int
  private var line: [UInt8] = []

  init(lineMax: Int) { self.lineMax = lineMax }

  /// Hands out each line that ends in these bytes, without its end. Throws `MCPFailure` for a line that is too long.
  mutating func feed(_ bytes: RawSpan, onLine: (Span<UInt8>) -> Void) throws(MCPFailure) {
    var start = 0
    for index in 0..<bytes.byteCount where unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) == 0x0A {
      try append(bytes, start..<index)
      if !line.isEmpty { onLine(line.span) }
      line.removeAll(keepingCapacity: line.capacity <= 1 << 16)
      start = index + 1
    }
    try append(bytes, start..<bytes.byteCount)
  }

  private mutating func append(_ bytes: RawSpan, _ range: Range<Int>) throws(MCPFailure) {
    guard line.count + range.count <= lineMax else {
      line = []
      throw .garbage("a line is larger than \(lineMax) bytes")
    }
    // The pointer does not leave the closure.
    unsafe bytes.extracting(range).withUnsafeBytes { unsafe line.append(contentsOf: $0) }
  }
}
