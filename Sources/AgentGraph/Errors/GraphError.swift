/// What the engine itself refuses or cannot do. What a node throws reaches the caller as it is.
public struct GraphError: Error, Sendable, CustomStringConvertible {
  /// Which error; stable, open for more.
  public struct Code: RawRepresentable, Sendable, Hashable {
    /// In snake case.
    public let rawValue: String
    /// A code by its text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The graph cannot run; every fault is named (G8).
    public static let invalidGraph = Code(rawValue: "invalid_graph")
    /// The superstep limit was reached while nodes were due (G12).
    public static let superstepLimit = Code(rawValue: "superstep_limit")
    /// Two tasks of a superstep wrote a channel that takes one write (G5).
    public static let conflictingWrites = Code(rawValue: "conflicting_writes")
    /// A route, goto or send names what the graph does not have.
    public static let unknownDestination = Code(rawValue: "unknown_destination")
    /// A send's input is not of the type that the node takes.
    public static let wrongInput = Code(rawValue: "wrong_input")
    /// A command for an enclosing graph found none with its state.
    public static let noParent = Code(rawValue: "no_parent")
    /// Nothing to run: no input, and no checkpoint (G27).
    public static let nothingToRun = Code(rawValue: "nothing_to_run")
    /// The operation needs a checkpointer and a thread.
    public static let noCheckpointer = Code(rawValue: "no_checkpointer")
    /// There is no such checkpoint.
    public static let unknownCheckpoint = Code(rawValue: "unknown_checkpoint")
    /// A checkpoint cannot be read, or is another graph's.
    public static let unreadableCheckpoint = Code(rawValue: "unreadable_checkpoint")
    /// No open interrupt has this id, or none is open, or an answer without id meets several (G31).
    public static let unknownInterrupt = Code(rawValue: "unknown_interrupt")
    /// An answer does not fit the interrupt's schema (G32).
    public static let invalidAnswer = Code(rawValue: "invalid_answer")
    /// `updateState` cannot tell which node writes (G25).
    public static let ambiguousNode = Code(rawValue: "ambiguous_node")
    /// A node took longer than its policy allows (G16).
    public static let nodeTimeout = Code(rawValue: "node_timeout")
    /// A message to be removed is not there (G6).
    public static let unknownMessage = Code(rawValue: "unknown_message")
    /// A value has no stored form.
    public static let notStored = Code(rawValue: "not_stored")
    /// A condition of the graph broke a rule that only shows when it runs.
    public static let invalidUse = Code(rawValue: "invalid_use")
  }

  /// Which error.
  public let code: Code
  /// What happened, for people.
  public let message: String
  /// The node concerned, where there is one.
  public let node: String?
  /// All that is wrong, for `invalidGraph`.
  public let faults: [GraphFault]

  /// Makes an error.
  public init(_ code: Code, _ message: String, node: String? = nil, faults: [GraphFault] = []) {
    self.code = code
    self.message = message
    self.node = node
    self.faults = faults
  }

  /// The code and the message.
  public var description: String { "\(code.rawValue): \(message)" }
}
