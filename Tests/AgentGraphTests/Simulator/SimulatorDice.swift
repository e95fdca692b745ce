/// The same numbers for the same seed.
struct SimulatorDice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Self.mix(state)
  }

  /// From 0 to below `sides`.
  mutating func roll(_ sides: Int) -> Int { Int(next() >> 33) % max(1, sides) }

  /// True once in so many times.
  mutating func once(in sides: Int) -> Bool { roll(sides) == 0 }

  mutating func pick<Element>(_ elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[roll(elements.count)]
  }

  /// A number below `sides` for each of some elements, none twice.
  mutating func pick(_ count: Int, of sides: Int) -> [Int] {
    var (left, picked): ([Int], [Int]) = (Array(0..<max(0, sides)), [])
    while picked.count < count, !left.isEmpty { picked.append(left.remove(at: roll(left.count))) }
    return picked
  }

  /// Half of a word's bits change with each of the input's: what simulated nodes compute with.
  static func mix(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  static func mix(_ word: UInt64, _ other: UInt64) -> UInt64 { mix(word &* 31 &+ other &+ 0x632b_e59b_d9b4_e019) }

  static func mix(_ word: UInt64, _ other: Int) -> UInt64 { mix(word, UInt64(bitPattern: Int64(other))) }

  /// A hash that is the same in every process.
  static func hash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return mix(hash)
  }
}
