/// Cuts what a worker sends into frames: a little-endian length of four bytes, checked before anything is kept for it,
/// and so many bytes.
struct FrameSplitter: Sendable {
  /// The frame that comes is longer than it may be.
  struct TooLong: Error, Hashable {
    var length: Int
    var lengthMax: Int
  }

  private let lengthMax: Int
  private var header: UInt32 = 0
  private var headerCount = 0
  private var body: [UInt8] = []
  private var wanted: Int?
  private var failure: TooLong?

  init(lengthMax: Int) { self.lengthMax = lengthMax }

  /// Whether a frame has begun and not ended.
  var isWithinFrame: Bool { headerCount > 0 || wanted != nil }

  /// Takes bytes as they came, and hands on each frame that is whole. After `TooLong` everything throws it again.
  mutating func feed(_ bytes: ArraySlice<UInt8>, _ frame: ([UInt8]) -> Void) throws(TooLong) {
    if let failure { throw failure }
    var rest = bytes
    while !rest.isEmpty {
      guard let wanted else {
        header |= UInt32(rest.removeFirst()) << (headerCount * 8)
        headerCount += 1
        if headerCount == 4 { try begin() }
        if self.wanted == 0 { end(frame) }
        continue
      }
      let piece = rest.prefix(wanted - body.count)
      body += piece
      rest = rest.dropFirst(piece.count)
      if body.count == wanted { end(frame) }
    }
  }

  private mutating func begin() throws(TooLong) {
    let length = Int(header)
    (header, headerCount) = (0, 0)
    guard length <= lengthMax else {
      let tooLong = TooLong(length: length, lengthMax: lengthMax)
      failure = tooLong
      throw tooLong
    }
    wanted = length
    // What comes is believed by the piece: a length alone takes no memory.
    body.reserveCapacity(min(length, 65_536))
  }

  private mutating func end(_ frame: ([UInt8]) -> Void) {
    wanted = nil
    frame(body)
    body = []
  }
}
