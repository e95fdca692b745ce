public import AgentJSON

/// What a stream is to tell (G36). Several at once.
public struct StreamModes: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: UInt8
  /// Modes by their bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The state after the input and after each superstep.
  public static let values = StreamModes(rawValue: 1)
  /// What each task wrote, as it finishes.
  public static let updates = StreamModes(rawValue: 2)
  /// Pieces of messages, with the node that makes them.
  public static let messages = StreamModes(rawValue: 4)
  /// Each task's start and result.
  public static let tasks = StreamModes(rawValue: 8)
  /// Each checkpoint.
  public static let checkpoints = StreamModes(rawValue: 16)
  /// What nodes emit.
  public static let custom = StreamModes(rawValue: 32)
  /// Everything about supersteps: tasks and checkpoints.
  public static let debug: StreamModes = [.tasks, .checkpoints]
}

/// Something that happened in a run.
public struct GraphEvent: Sendable {
  /// The graph that it happened in.
  public let namespace: GraphNamespace
  /// The superstep.
  public let step: Int
  /// The node, where one did it.
  public let node: String?
  /// What happened.
  public let content: Content

  init(namespace: GraphNamespace, step: Int, node: String? = nil, content: Content) {
    self.namespace = namespace
    self.step = step
    self.node = node
    self.content = content
  }

  /// What happened.
  public enum Content: Sendable {
    /// The state, after the input or a superstep.
    case values(any GraphState)
    /// What a task wrote, and whether an earlier result was used for it.
    case updates([ChannelUpdate], isCached: Bool)
    /// A piece of a message.
    case message(JSONValue)
    /// A task begins.
    case taskStarted(TaskID)
    /// A task ended.
    case taskEnded(TaskID, TaskEnd)
    /// A checkpoint was made; with `sync` it is durable.
    case checkpoint(CheckpointEvent)
    /// What a node emitted.
    case custom(JSONValue)
    /// The run stops at interrupts.
    case interrupted([Interrupt])
  }
}

/// One write of a task.
public struct ChannelUpdate: Sendable {
  /// The channel.
  public let channel: String
  /// What was written: an update, or the whole value where it overwrites.
  public let value: any Sendable
  /// Whether it replaced the value.
  public let overwrites: Bool
  /// What was written, as JSON. Throws where the value has no stored form.
  public func json() throws -> JSONValue { try JSONValue(parsing: encode()) }

  let encode: @Sendable () throws -> [UInt8]
}

/// How a task ended.
public enum TaskEnd: Sendable {
  /// It is done.
  case done
  /// It threw this.
  case failed(String)
  /// It waits for answers.
  case interrupted([Interrupt])
}

/// A checkpoint, as a stream tells of it.
public struct CheckpointEvent: Sendable {
  /// Its id.
  public let id: CheckpointID
  /// The one before.
  public let parent: CheckpointID?
  /// What it came from.
  public let metadata: CheckpointMetadata
  /// The nodes that are due.
  public let next: [String]
}
