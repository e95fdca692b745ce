import Synchronization

/// Says at which places of a `MessageList` an id may be. All versions of a list share one, so that an append costs what
/// is appended.
///
/// It knows the place of every message of every version that holds it, and forgets none. A place that it names may
/// thus be another version's, so the caller looks whether the message there has the id; none that matters is missing.
@usableFromInline
final class MessageIndex: Sendable {
  /// What an index that is full knew. Its lists go on in a new one, without a copy.
  private let older: MessageIndex?
  /// How many indices there are below this one.
  @usableFromInline let depth: Int
  private let table = Mutex(MessageTable())

  @usableFromInline
  init(after older: MessageIndex? = nil) {
    self.older = older
    depth = older.map { $0.depth + 1 } ?? 0
  }

  /// The places where a message with this tag may be.
  @usableFromInline
  func places(_ tag: UInt32) -> [Int] {
    var places: [Int] = []
    var index: MessageIndex? = self
    while let current = index {
      current.table.withLock { $0.find(tag, &places) }
      index = current.older
    }
    return places
  }

  /// Notes a message; returns false, and does nothing, if it already knows `entriesMax`.
  @usableFromInline
  func insert(_ tag: UInt32, at place: Int, entriesMax: Int) -> Bool {
    table.withLock { table in
      guard table.count < entriesMax else { return false }
      table.insert(tag, at: place)
      return true
    }
  }

  /// What is kept of an id. The standard library seeds it anew in each process, so that nobody can choose ids that
  /// collide.
  @usableFromInline
  static func tag(_ id: String) -> UInt32 { UInt32(truncatingIfNeeded: id.hashValue) }
}

/// Tags and places, hashed by tags, which need not differ: each entry is in the first free slot from its tag's on.
private struct MessageTable {
  /// The tag in the upper half, the place plus one in the lower; 0 is a free slot. At most half are taken.
  private var slots = [UInt64](repeating: 0, count: 16)
  private(set) var count = 0

  func find(_ tag: UInt32, _ places: inout [Int]) {
    var slot = Int(tag) & (slots.count - 1)
    while slots[slot] != 0 {
      if slots[slot] >> 32 == UInt64(tag) { places.append(Int(slots[slot] & 0xffff_ffff) - 1) }
      slot = (slot + 1) & (slots.count - 1)
    }
  }

  mutating func insert(_ tag: UInt32, at place: Int) {
    if (count + 1) * 2 > slots.count { grow() }
    if Self.insert(UInt64(tag) << 32 | UInt64(place + 1), &slots) { count += 1 }
  }

  private mutating func grow() {
    var larger = [UInt64](repeating: 0, count: slots.count * 2)
    for entry in slots where entry != 0 { _ = Self.insert(entry, &larger) }
    slots = larger
  }

  /// Returns whether the entry was not there: a batch that is tried and then applied notes the same twice.
  private static func insert(_ entry: UInt64, _ slots: inout [UInt64]) -> Bool {
    var slot = Int(entry >> 32) & (slots.count - 1)
    while slots[slot] != 0 {
      if slots[slot] == entry { return false }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = entry
    return true
  }
}
