import Synchronization

/// Makes ids that no two runs share, in the order of time: the process's start and a random part, then a counter.
struct RunIDs: Sendable {
  private let prefix: String
  private let counter = Counter()

  private final class Counter: Sendable {
    let value = Atomic<UInt64>(0)
  }

  init() {
    var random = SystemRandomNumberGenerator()
    prefix = String(random.next() as UInt64, radix: 36)
  }

  func next() -> String {
    let count = counter.value.add(1, ordering: .relaxed).newValue
    return "run-\(prefix)-\(count)"
  }
}
