import Synchronization

@testable import AgentGraph

/// The same numbers for the same seed.
struct ListDice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<max(1, sides), using: &self) }
}

/// An element that is counted while it lives.
final class Counted: Sendable {
  final class Census: Sendable {
    private let living = Atomic<Int>(0)
    var count: Int { living.load(ordering: .relaxed) }
    func add(_ difference: Int) { living.wrappingAdd(difference, ordering: .relaxed) }
  }

  let number: Int
  private let census: Census

  init(_ number: Int, in census: Census) {
    self.number = number
    self.census = census
    census.add(1)
  }

  deinit { census.add(-1) }
}

/// A message of the tests.
struct Note: IdentifiedMessage, Hashable, Codable {
  var id: String
  var text: String

  init(_ id: String, _ text: String = "") {
    self.id = id
    self.text = text
  }
}

/// Lengths around those at which leaves, branches and levels are full: 16, 512, 16,384.
let lengthsAtBoundaries = [
  0, 1, 15, 16, 17, 31, 32, 33, 511, 512, 513, 527, 528, 529, 1023, 1024, 1025, 16_383, 16_384, 16_385, 16_399, 16_400,
  16_401, 32_767, 32_768, 32_769,
]
