/// How long one attempt of a node may take (G16). A node that is too late is cancelled; one that does not end within
/// the grace is abandoned, and what it does later is discarded.
public struct TimeoutPolicy: Sendable {
  /// The longest time in all; hard.
  public var run: Duration?
  /// The longest time without a sign of life: an emitted event, an effect, or a heartbeat.
  public var idle: Duration?
  /// How long a cancelled attempt is waited for.
  public var grace: Duration

  /// Bounds for an attempt; nil has none.
  public init(run: Duration? = nil, idle: Duration? = nil, grace: Duration = .seconds(1)) {
    self.run = run
    self.idle = idle
    self.grace = grace
  }

  var problem: String? {
    if let run, run <= .zero { return "the run timeout is \(run), and must be positive" }
    if let idle, idle <= .zero { return "the idle timeout is \(idle), and must be positive" }
    if grace < .zero { return "the grace is \(grace), and must not be negative" }
    return nil
  }
}
