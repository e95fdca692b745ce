/// A checkpoint as a checkpointer gets it.
public struct CheckpointRecord: Sendable {
  /// The thread.
  public var thread: String
  /// The graph within the thread.
  public var namespace: GraphNamespace
  /// Its id.
  public var id: CheckpointID
  /// The checkpoint that it follows. What `changes` says is relative to it.
  public var parent: CheckpointID?
  /// What it came from.
  public var metadata: CheckpointMetadata
  /// What is due.
  public var plan: CheckpointPlan
  /// The state, by reference: what is not stored is never encoded.
  public var state: any StateImage
  /// The channels that differ from the parent's. One that no checkpoint has written has its initial value.
  public var changes: [ChannelChange]

  /// Makes one.
  public init(
    thread: String, namespace: GraphNamespace, id: CheckpointID, parent: CheckpointID?, metadata: CheckpointMetadata,
    plan: CheckpointPlan, state: any StateImage, changes: [ChannelChange]
  ) {
    self.thread = thread
    self.namespace = namespace
    self.id = id
    self.parent = parent
    self.metadata = metadata
    self.plan = plan
    self.state = state
    self.changes = changes
  }
}

/// What became of a channel since a checkpoint's parent (G28).
public struct ChannelChange: Sendable, Hashable {
  /// The channel's place in `StateImage.channels`.
  public var channel: Int
  /// How many leading elements of a list are the parent's; 0 for all that is not a list.
  public var kept: Int

  /// Makes one.
  public init(channel: Int, kept: Int) {
    self.channel = channel
    self.kept = kept
  }
}

/// A state that can be taken apart by channels, without its type.
public protocol StateImage: Sendable {
  /// The channels that are stored.
  var channels: [ChannelImage] { get }
  /// A channel's whole value.
  func encode(channel: Int) throws -> [UInt8]
  /// The number of elements of a list channel; nil for others.
  func count(channel: Int) -> Int?
  /// A list channel's elements from an index on, as one segment; segments one after the other make the list.
  func encode(channel: Int, from index: Int) throws -> [UInt8]
  /// A range of a list channel's elements, as one segment, so that a long list is stored in pieces; nil from a state
  /// that has no way to cut one out.
  func encode(channel: Int, elements: Range<Int>) throws -> [UInt8]?
  /// The state itself.
  var value: any Sendable { get }
}

extension StateImage {
  /// Nil: lists are stored from an index on.
  public func encode(channel: Int, elements: Range<Int>) throws -> [UInt8]? { nil }
}

/// A channel, for a checkpointer.
public struct ChannelImage: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// Whether it is a list, which is stored in segments.
  public var isList: Bool

  /// Makes one.
  public init(name: String, isList: Bool) {
    self.name = name
    self.isList = isList
  }
}

/// A checkpoint as it comes back.
public struct StoredCheckpoint: Sendable {
  /// The graph within the thread.
  public var namespace: GraphNamespace
  /// Its id.
  public var id: CheckpointID
  /// The checkpoint that it follows.
  public var parent: CheckpointID?
  /// What it came from.
  public var metadata: CheckpointMetadata
  /// What is due.
  public var plan: CheckpointPlan
  /// The state.
  public var state: StoredState
  /// What tasks of its superstep came to already.
  public var pending: [PendingRecord]
  /// Effects of those tasks.
  public var effects: [EffectRecord]

  /// Makes one.
  public init(
    namespace: GraphNamespace, id: CheckpointID, parent: CheckpointID?, metadata: CheckpointMetadata,
    plan: CheckpointPlan, state: StoredState, pending: [PendingRecord] = [], effects: [EffectRecord] = []
  ) {
    self.namespace = namespace
    self.id = id
    self.parent = parent
    self.metadata = metadata
    self.plan = plan
    self.state = state
    self.pending = pending
    self.effects = effects
  }
}

/// A state that was stored.
public enum StoredState: Sendable {
  /// As it was handed in, by reference.
  case live(any StateImage)
  /// By the names of its channels.
  case encoded([String: StoredChannel])
}

/// A channel that was stored.
public enum StoredChannel: Sendable, Hashable {
  /// What `encode(channel:)` made.
  case value([UInt8])
  /// What `encode(channel:from:)` made, one after the other.
  case segments([[UInt8]])
}

/// Where a checkpoint comes from (G21).
public enum CheckpointSource: String, Sendable, Hashable, Codable {
  /// A run's input.
  case input
  /// A superstep.
  case loop
  /// `updateState`.
  case update
  /// A run from an older checkpoint, or a copy of one.
  case fork
}

/// What a checkpoint came from (G21).
public struct CheckpointMetadata: Sendable, Hashable, Codable {
  /// Where it comes from.
  public var source: CheckpointSource
  /// The superstep that it ends; -1 for a first input.
  public var step: Int
  /// The run that made it.
  public var run: String
  /// The graph's name.
  public var graph: String
  /// Microseconds since 1970.
  public var createdAt: UInt64
  /// The nodes that ran in the superstep.
  public var ran: [String] = []
  /// For a nested graph: the checkpoints of the enclosing graphs, by namespace.
  public var parents: [String: CheckpointID] = [:]
  /// For each channel, in the order of its declaration, the version that wrote it last; one bump a superstep (G4).
  public var versions: [Int] = []
  /// Channels, by the same order, whose beginning was changed since this graph's first checkpoint.
  public var rewritten: [Int]?
  /// Where the graph's nested graphs with a state of their own stand: their checkpoints, by namespace (G35). Nil while
  /// none was called.
  public var own: [String: CheckpointID]?

  /// Makes one.
  public init(
    source: CheckpointSource, step: Int, run: String, graph: String, createdAt: UInt64, ran: [String] = [],
    parents: [String: CheckpointID] = [:], versions: [Int] = [], rewritten: [Int]? = nil,
    own: [String: CheckpointID]? = nil
  ) {
    self.source = source
    self.step = step
    self.run = run
    self.graph = graph
    self.createdAt = createdAt
    self.ran = ran
    self.parents = parents
    self.versions = versions
    self.rewritten = rewritten
    self.own = own
  }
}
