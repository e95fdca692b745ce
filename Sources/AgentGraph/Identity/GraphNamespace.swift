/// The place of a graph within a run: "" for the outermost one, and `node:task|node:task` below it (G34).
public struct GraphNamespace: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
  /// The text.
  public let rawValue: String
  /// A namespace by its text.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// The outermost graph.
  public static let root = GraphNamespace(rawValue: "")
  /// The text.
  public var description: String { rawValue }
  /// Whether it is the outermost graph's.
  public var isRoot: Bool { rawValue.isEmpty }

  /// The namespace of a graph that a node holds; without a task where the graph's state lives across calls.
  func child(node: String, task: TaskID?) -> GraphNamespace {
    let own = task.map { "\(node):\($0.rawValue)" } ?? node
    return GraphNamespace(rawValue: isRoot ? own : "\(rawValue)|\(own)")
  }

  /// The namespace of the graph around; nil for the outermost one.
  public var enclosing: GraphNamespace? {
    guard !isRoot else { return nil }
    guard let bar = rawValue.lastIndex(of: "|") else { return .root }
    return GraphNamespace(rawValue: String(rawValue[..<bar]))
  }

  /// The node that holds the graph; "" for the outermost one.
  var node: String {
    let own = rawValue.lastIndex(of: "|").map { rawValue[rawValue.index(after: $0)...] } ?? rawValue[...]
    return String(own.prefix { $0 != ":" })
  }

  /// Whether it lies in `other`, or is it.
  public func isWithin(_ other: GraphNamespace) -> Bool {
    other.isRoot || self == other || rawValue.hasPrefix(other.rawValue + "|")
  }
}

/// Names a task: a pure function of checkpoint, namespace, superstep, node and path, so the same in a replay (G23).
public struct TaskID: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
  /// 32 hexadecimal digits.
  public let rawValue: String
  /// An id by its text.
  public init(rawValue: String) { self.rawValue = rawValue }
  /// The text.
  public var description: String { rawValue }

  init(checkpoint: CheckpointID?, namespace: GraphNamespace, step: Int, node: String, path: TaskPath) {
    var hash = StableHash()
    hash.add(checkpoint?.time ?? 0)
    hash.add(checkpoint?.origin ?? 0)
    hash.add(namespace.rawValue)
    hash.add(UInt64(bitPattern: Int64(step)))
    hash.add(node)
    switch path {
    case .triggered: hash.add(0)
    case .sent(let index):
      hash.add(1)
      hash.add(UInt64(index))
    }
    rawValue = hash.text()
  }

  /// A key for an effect of the task, the same whenever it is tried (G30).
  func effectKey(_ index: Int) -> String { "\(rawValue)-\(index)" }
}

/// How a task came to be due; writes of triggered tasks come before those of sent ones (G3, G9).
enum TaskPath: Sendable, Hashable {
  case triggered
  case sent(Int)
}
