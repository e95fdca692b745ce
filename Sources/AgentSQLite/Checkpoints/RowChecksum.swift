/// A 64-bit checksum of a row: of its bytes and of the numbers that say where it belongs, so that neither damage nor a
/// row in the wrong place passes. Every step is reversible: a change within one word is always found.
struct RowChecksum {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The checksum as SQLite stores it.
  var value: Int64 { Int64(bitPattern: state) }

  /// The checksum of numbers and bytes.
  static func of(_ numbers: Int64..., bytes: [UInt8]) -> Int64 {
    var sum = RowChecksum()
    for number in numbers { sum.add(UInt64(bitPattern: number)) }
    sum.add(bytes)
    return sum.value
  }

  mutating func add(_ word: UInt64) {
    state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
    state ^= state &>> 32
  }

  /// The length goes in, too, so that neighbours do not run together.
  mutating func add(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { buffer in
      let whole = buffer.count & ~7
      var place = 0
      while place < whole {
        add(UInt64(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
        place += 8
      }
      var rest: UInt64 = 0
      while place < buffer.count {
        rest = rest << 8 | UInt64(unsafe buffer[place])
        place += 1
      }
      add(rest)
    }
    add(UInt64(bytes.count))
  }
}
