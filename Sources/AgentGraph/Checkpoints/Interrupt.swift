public import AgentJSON

/// Names an interrupt: stable, so that a replay has the same one (G31).
public struct InterruptID: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
  /// The text.
  public let rawValue: String
  /// An id by its text.
  public init(rawValue: String) { self.rawValue = rawValue }
  /// The text.
  public var description: String { rawValue }
}

/// A question that a run stopped at.
public struct Interrupt: Sendable, Hashable, Codable {
  /// Names it.
  public var id: InterruptID
  /// What the node asked.
  public var value: JSONValue
  /// The JSON Schema that an answer must fit; nil takes any (G32).
  public var schema: JSONValue?
  /// The node that asked.
  public var node: String
  /// The graph that it is in.
  public var namespace: GraphNamespace
  /// How it came about.
  public var kind: Kind

  /// Makes one.
  public init(
    id: InterruptID, value: JSONValue, schema: JSONValue? = nil, node: String, namespace: GraphNamespace, kind: Kind
  ) {
    self.id = id
    self.value = value
    self.schema = schema
    self.node = node
    self.namespace = namespace
    self.kind = kind
  }

  /// How an interrupt came about.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// The node called `interrupt`.
    case question
    /// The run was to stop before the node (G33).
    case before
    /// The run was to stop after the node (G33).
    case after
  }
}
