/// How a run is carried out.
public struct RunOptions: Sendable {
  /// Supersteps that one graph may take; a run that ends in exactly so many succeeds (G12).
  public var superstepsMax = 10_000
  /// Tasks of a superstep that run at once.
  public var concurrencyMax = 128
  /// When checkpoints are saved (G22).
  public var durability = Durability.async
  /// With `exit`: whether what was reached is saved when an error or a cancellation ends the run, too.
  public var keepsFailures = true
  /// Whether a run returns only when its last save is durable. Without, an error of saves that are under way by then is
  /// not told: for a caller who goes on with a write of its own to the same store, which comes after them.
  public var waitsForLastSave = true
  /// Stops before these nodes of the outermost graph; nil takes what it was compiled with (G33). Names that it does
  /// not have are refused.
  public var interruptBefore: InterruptPoints?
  /// Stops after these nodes of the outermost graph; nil takes what it was compiled with (G33).
  public var interruptAfter: InterruptPoints?
  /// Runs from this checkpoint of the thread, as a fork (G26).
  public var from: CheckpointReference?
  /// Lets somebody end the run between supersteps (G20).
  public var drain: DrainSignal?
  /// Names the run; nil makes a name.
  public var runID: String?
  /// Where nodes with a cache policy keep results.
  public var cache: NodeCache?
  /// Long-term memory for the nodes (G39).
  public var memory: (any MemoryStore)?
  /// What measures pauses and timeouts.
  public var clock: any Clock<Duration> = ContinuousClock()
  /// What makes ids.
  public var ids = GraphIDs.shared
  /// Gives numbers from 0 to 1, for jitter.
  public var draw: @Sendable () -> Double = { .random(in: 0...1) }

  /// The defaults.
  public init() {}

  /// The defaults, with another durability.
  public init(durability: Durability) { self.durability = durability }
}

/// When checkpoints are saved (G22). What a run comes to is the same in all three.
public enum Durability: String, Sendable, Hashable, CaseIterable {
  /// Before the next superstep starts.
  case sync
  /// While the next superstep runs, in order; a run ends after its last save.
  case async
  /// Once, at the end of the run, at an interrupt, or at an error. A crash loses the run; effects are recorded then,
  /// too.
  case exit
}

/// A checkpoint of a thread.
public struct CheckpointReference: Sendable, Hashable {
  /// Its id.
  public var id: CheckpointID
  /// The graph that it belongs to.
  public var namespace: GraphNamespace

  /// A checkpoint of the outermost graph, or of one within.
  public init(_ id: CheckpointID, in namespace: GraphNamespace = .root) {
    self.id = id
    self.namespace = namespace
  }
}
