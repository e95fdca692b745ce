import Synchronization

/// Makes ids that no two uses share: a random part for each process, then a counter. A UUID costs far more.
public final class IDSequence: Sendable {
  private let prefix: String
  private let counter = Atomic<UInt64>(0)

  /// A sequence of ids that begin with `prefix`.
  public init(_ prefix: String) {
    var random = SystemRandomNumberGenerator()
    self.prefix = prefix + String(random.next() as UInt64, radix: 36) + "-"
  }

  /// An id that was not given before.
  public func next() -> String { prefix + String(counter.add(1, ordering: .relaxed).newValue, radix: 36) }
}
