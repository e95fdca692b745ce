/// Cuts what a worker writes into frames: a length in four bytes, little-endian, and as many bytes of JSON.
struct FrameSplitter: Sendable {
  /// Why the stream cannot be read on.
  enum Fault: Error, Hashable {
    /// A frame says it is longer than allowed; how long.
    case tooLarge(Int)
  }

  /// Bytes of a frame at most, without its length.
  let frameMax: Int
  private var bytes: [UInt8] = []
  private var start = 0

  init(frameMax: Int) { self.frameMax = frameMax }

  /// Whether something is left that is no whole frame.
  var hasRest: Bool { start < bytes.count }

  mutating func feed(_ more: some Sequence<UInt8>) {
    if start > 0 {
      bytes.removeFirst(start)
      start = 0
    }
    bytes.append(contentsOf: more)
  }

  /// The next whole frame; nil where more bytes are needed.
  mutating func next() throws(Fault) -> [UInt8]? {
    guard bytes.count - start >= 4 else { return nil }
    let length = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
    guard length <= frameMax else { throw .tooLarge(length) }
    guard bytes.count - start - 4 >= length else { return nil }
    defer { start += 4 + length }
    return Array(bytes[(start + 4)..<(start + 4 + length)])
  }

  /// A frame on the wire.
  static func frame(_ json: [UInt8]) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) } + json
  }
}
