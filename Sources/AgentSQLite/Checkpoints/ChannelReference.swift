/// Where a checkpoint finds a channel.
enum ChannelReference: Sendable, Hashable {
  /// In the checkpoint's own row: what is hardly longer than a reference.
  case inline([UInt8])
  /// In a row of payloads.
  case payload(PayloadID)
  /// A list: the pieces make it, one after the other.
  case list([ListPiece])
}

/// The key of a row of payloads.
struct PayloadID: Sendable, Hashable {
  /// So many rows a stream has at most.
  static let rowsMax = 1 << 24

  let rowID: Int64

  init(rowID: Int64) { self.rowID = rowID }
  init(stream: Int64, place: Int) { rowID = stream << 24 + Int64(place) }

  /// The stream that the row is of.
  var stream: Int64 { rowID >> 24 }
  /// The place after it in its stream; nil at the end.
  var next: PayloadID? { (rowID + 1) >> 24 == stream ? PayloadID(rowID: rowID + 1) : nil }
}

/// The first segments of a stream. A list that was only ever appended to is one piece; one that lost its end, or was
/// forked, goes on in another stream and shares what it kept.
struct ListPiece: Sendable, Hashable {
  /// More pieces are not kept: the newest are then written anew as one, so that a read stays a bounded number of
  /// ranges.
  static let countMax = 16

  var stream: Int64
  /// So many of the stream's rows.
  var segments: Int
  /// The elements in those rows.
  var elements: Int
}

extension [ListPiece] {
  /// The number of elements.
  var elementCount: Int { reduce(0) { $0 + $1.elements } }

  /// Gives up the newest pieces, so that there is room for one; returns where what has to be written anew begins.
  ///
  /// `count` is the length of the list to come. Half of the pieces stay at most, and none that is not longer than what
  /// is written anew anyway: so an element is written again a logarithmic number of times at most.
  mutating func makeRoom(count: Int) -> Int {
    var kept = elementCount
    guard self.count >= ListPiece.countMax else { return kept }
    while let last, self.count > ListPiece.countMax / 2 || last.elements <= count - kept {
      kept -= last.elements
      removeLast()
    }
    return kept
  }
}

extension RowWriter {
  mutating func add(_ reference: ChannelReference) {
    switch reference {
    case .inline(let bytes):
      add(0)
      add(bytes)
    case .payload(let id):
      add(1)
      add(UInt64(bitPattern: id.rowID))
    case .list(let pieces):
      add(pieces.count + 2)
      for piece in pieces {
        add(UInt64(bitPattern: piece.stream))
        add(piece.segments)
        add(piece.elements)
      }
    }
  }
}

extension RowReader {
  mutating func reference() throws -> ChannelReference {
    let kind = try count()
    switch kind {
    case 0: return .inline(try content())
    case 1: return .payload(PayloadID(rowID: Int64(bitPattern: try number())))
    case 2...ListPiece.countMax + 2:
      var pieces: [ListPiece] = []
      for _ in 2..<kind {
        pieces.append(
          ListPiece(stream: Int64(bitPattern: try number()), segments: try count(), elements: try count()))
      }
      return .list(pieces)
    default: throw DamagedRow()
    }
  }
}
