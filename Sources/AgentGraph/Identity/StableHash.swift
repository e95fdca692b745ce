/// A 128-bit hash that is the same in every process and on every platform: what ids are derived with (G23). It tells
/// apart what the engine itself makes, and is no defence against somebody who looks for collisions.
struct StableHash {
  private var high: UInt64 = 0xcbf2_9ce4_8422_2325
  private var low: UInt64 = 0x6c62_272e_07bb_0142

  mutating func add(_ word: UInt64) {
    high = Self.mix(high ^ word)
    low = Self.mix(low &+ word &+ 0x9e37_79b9_7f4a_7c15)
  }

  /// The length goes in, too, so that neighbours do not run together.
  mutating func add(_ text: String) {
    var (word, count): (UInt64, UInt64) = (0, 0)
    for byte in text.utf8 {
      word = word << 8 | UInt64(byte)
      count += 1
      if count & 7 == 0 {
        add(word)
        word = 0
      }
    }
    add(word)
    add(count)
  }

  /// 32 hexadecimal digits.
  func text() -> String { Hexadecimal.text(Self.mix(high ^ low &>> 1)) + Hexadecimal.text(Self.mix(low ^ high &<< 1)) }

  /// The finaliser of splitmix64: every bit of the input moves half of the output's.
  private static func mix(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ word &>> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word &>> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word &>> 31
  }
}
