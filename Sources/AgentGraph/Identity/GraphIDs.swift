import Synchronization

/// Makes the ids of checkpoints and of messages: from a clock, a counter and a number for the process, so that they
/// increase and cost little. Given both, a run's ids are the same every time.
public final class GraphIDs: Sendable {
  private let now: @Sendable () -> UInt64
  private let origin: UInt64
  private let last = Mutex<UInt64>(0)

  /// With a clock in microseconds since 1970, and a number that tells processes apart.
  public init(
    now: @escaping @Sendable () -> UInt64 = { WallClock.microseconds() },
    origin: UInt64 = .random(in: .min ... .max)
  ) {
    self.now = now
    self.origin = origin
  }

  /// The id after all that were made here.
  public func nextCheckpoint() -> CheckpointID { CheckpointID(time: next(), origin: origin) }

  /// A new message's id.
  public func nextMessage() -> String { "msg-" + Hexadecimal.text(next()) + Hexadecimal.text(origin) }

  /// The time, in microseconds since 1970.
  func microseconds() -> UInt64 { now() }

  private func next() -> UInt64 {
    let now = now()
    return last.withLock { last in
      last = max(now, last + 1)
      return last
    }
  }
}

extension GraphIDs {
  /// The ids of this process.
  public static let shared = GraphIDs()
}
