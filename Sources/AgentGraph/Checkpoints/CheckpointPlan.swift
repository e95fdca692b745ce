/// What is due after a checkpoint.
public struct CheckpointPlan: Sendable {
  /// The tasks of the next superstep, in the order of their writes.
  public var tasks: [PlannedTask] = []
  /// The list edges that wait: the sources that have run, by the edge's key.
  public var barriers: [String: [String]] = [:]
  /// Deferred nodes that wait for the end.
  public var deferred: [String] = []

  /// A plan in which nothing is due.
  public init() {}

  /// Whether nothing is due.
  public var isEmpty: Bool { tasks.isEmpty }
}

/// A task that is due.
public struct PlannedTask: Sendable {
  /// The node.
  public var node: String
  /// What it got, if it was sent to.
  public var input: StoredValue?
  /// The failure that it is to handle (G17).
  public var failure: NodeFailure?
  /// Whether a list edge made it due: an update of the state leaves it so (G25).
  public var isJoined: Bool

  /// Makes one.
  public init(node: String, input: StoredValue? = nil, failure: NodeFailure? = nil, isJoined: Bool = false) {
    self.node = node
    self.input = input
    self.failure = failure
    self.isJoined = isJoined
  }
}

/// Why an error handler runs (G17).
public struct NodeFailure: Sendable, Hashable, Codable {
  /// The node that failed.
  public var node: String
  /// The error, as text.
  public var message: String
  /// The error's type.
  public var type: String
  /// The error's code, where it is a `GraphError`.
  public var code: String?

  /// Makes one.
  public init(node: String, message: String, type: String, code: String? = nil) {
    self.node = node
    self.message = message
    self.type = type
    self.code = code
  }
}

extension CheckpointPlan {
  private struct Form: Codable {
    struct Task: Codable {
      var node: String
      var input: String?
      var failure: NodeFailure?
      var isJoined: Bool?
    }
    var tasks: [Task]
    var barriers: [String: [String]]?
    var deferred: [String]?
  }

  /// The plan as bytes: JSON.
  public func encoded() throws -> [UInt8] {
    let tasks = try tasks.map { task in
      Form.Task(
        node: task.node, input: try task.input.map { String(decoding: try $0.bytes(), as: UTF8.self) },
        failure: task.failure, isJoined: task.isJoined ? true : nil)
    }
    return try GraphCoder.encode(
      Form(
        tasks: tasks, barriers: barriers.isEmpty ? nil : barriers, deferred: deferred.isEmpty ? nil : deferred))
  }

  /// Reads what `encoded` made.
  public init(encoded bytes: [UInt8]) throws {
    let form = try GraphCoder.decode(Form.self, bytes)
    tasks = form.tasks.map { task in
      PlannedTask(
        node: task.node, input: task.input.map { .encoded(Array($0.utf8)) }, failure: task.failure,
        isJoined: task.isJoined ?? false)
    }
    barriers = form.barriers ?? [:]
    deferred = form.deferred ?? []
  }
}
