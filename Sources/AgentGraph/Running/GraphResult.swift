/// What a run came to.
public struct GraphResult<State: GraphState>: Sendable {
  /// The state after the last finished superstep.
  public let state: State
  /// Why the run stopped.
  public let outcome: Outcome
  /// The last checkpoint; nil without a checkpointer.
  public let checkpoint: CheckpointID?
  /// Supersteps that the outermost graph took in this run.
  public let supersteps: Int

  /// Why a run stopped.
  public enum Outcome: Sendable, Hashable {
    /// Nothing is due any more.
    case finished
    /// It waits for answers; `resume` goes on (G31).
    case interrupted([Interrupt])
    /// It was drained; a run without input goes on (G20).
    case drained
  }

  /// The open interrupts; empty unless it stopped at some.
  public var interrupts: [Interrupt] {
    if case .interrupted(let interrupts) = outcome { return interrupts }
    return []
  }
}
