import Synchronization

/// Asks runs to end after the superstep that they are in (G20). One signal may serve many runs.
public final class DrainSignal: Sendable {
  private let requested = Atomic(false)

  /// A signal that nobody has given yet.
  public init() {}

  /// Gives it. From now on no superstep starts in the runs that have it.
  public func request() { requested.store(true, ordering: .releasing) }

  /// Whether it was given.
  public var isRequested: Bool { requested.load(ordering: .acquiring) }
}
