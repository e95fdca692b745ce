import AgentGraph
import GRDB

extension CheckpointSaving {
  /// So many elements make one segment without a further thought.
  private static let segmentElementsMin = 16
  /// About so many bytes a segment of a long list has: what a change within it writes again.
  private static let segmentBytesGoal = 4_096

  /// Stores what a list has beyond what the parent keeps for it.
  ///
  /// An append goes on in the stream where the parent's list ends, unless a sibling of this checkpoint went on there
  /// already. All else goes on in a stream of its own, and shares the kept segments.
  mutating func list(
    _ channel: Int, of state: any StateImage, kept: Int?, parent: ChannelReference?,
    in space: WriterKnowledge.KnownSpace
  ) throws -> ChannelReference {
    let count = state.count(channel: channel) ?? 0
    var pieces: [ListPiece] = []
    if case .list(let known) = parent {
      let length = known.elementCount
      // A list that is not as the parent's should be is stored whole: the state at hand is what counts.
      if kept == nil, length == count { return .list(known) }
      if let kept, kept <= min(length, count) { pieces = try cut(known, to: kept) }
    }
    var from = pieces.elementCount
    if from == count { return .list(pieces) }
    // What stayed now may well stay again: a segment ends there.
    let split = kept ?? 0
    if var last = pieces.last {
      let added = try append(
        channel, of: state, from..<count, split: split, stream: last.stream, place: last.segments)
      if added > 0 {
        last.segments += added
        last.elements += count - from
        pieces[pieces.count - 1] = last
        return .list(pieces)
      }
    }
    from = pieces.makeRoom(count: count)
    let stream = try makeStream(space: space.id, holdsValues: false)
    let added = try append(channel, of: state, from..<count, split: split, stream: stream, place: 0)
    guard added > 0 else { throw DamagedRow(reason: "the place for a list is taken") }
    pieces.append(ListPiece(stream: stream, segments: added, elements: count - from))
    return .list(pieces)
  }

  /// The pieces of a list's beginning: whole segments, so perhaps less than is kept.
  private func cut(_ pieces: [ListPiece], to kept: Int) throws -> [ListPiece] {
    var (left, length): ([ListPiece], Int) = ([], 0)
    for piece in pieces where length < kept {
      if length + piece.elements <= kept {
        left.append(piece)
        length += piece.elements
        continue
      }
      do {
        let piece = try PayloadRows.cut(db, piece, to: kept - length)
        if piece.segments > 0 { left.append(piece) }
      } catch is DamagedRow {
        return []
      }
      break
    }
    return left
  }

  /// Stores elements of a list from a place of a stream on. Returns the number of segments: none if the first place
  /// is taken.
  private mutating func append(
    _ channel: Int, of state: any StateImage, _ range: Range<Int>, split: Int, stream: Int64, place: Int
  ) throws -> Int {
    // A full stream counts as taken: the list goes on in another.
    guard place + range.count / Self.segmentElementsMin + 1 < PayloadID.rowsMax else { return 0 }
    var (from, added) = (range.lowerBound, 0)
    while from < range.upperBound {
      let end = from < split ? min(split, range.upperBound) : range.upperBound
      let (to, segment) = try segment(channel, of: state, from, end)
      let id = PayloadID(stream: stream, place: place + added)
      guard try PayloadRows.insert(db, id, count: to - from, segment) else {
        if added == 0 { return 0 }
        throw DamagedRow(reason: "the place for a segment is taken")
      }
      bytes += segment.count
      (from, added) = (to, added + 1)
    }
    return added
  }

  /// The next segment of a list, and where it ends: at `end` at the latest.
  private func segment(_ channel: Int, of state: any StateImage, _ from: Int, _ end: Int) throws -> (Int, [UInt8]) {
    let few = min(end, from + Self.segmentElementsMin)
    guard few < state.count(channel: channel) ?? 0,
      let probe = try state.encode(channel: channel, elements: from..<few)
    else { return (state.count(channel: channel) ?? end, try state.encode(channel: channel, from: from)) }
    guard few < end, probe.count * 2 <= Self.segmentBytesGoal else { return (few, probe) }
    let more = min(end, from + Self.segmentElementsMin * Self.segmentBytesGoal / max(probe.count, 1))
    return try state.encode(channel: channel, elements: from..<more).map { (more, $0) } ?? (few, probe)
  }
}
