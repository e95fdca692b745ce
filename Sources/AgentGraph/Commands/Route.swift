/// Where to go on: no node, one, several, or sends.
///
/// ```swift
/// "answer"      ["search", "ask"]      .end      .sends(documents.map { Send("read", $0) })
/// ```
public struct Route: Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, Sequence {
  /// One place to go to.
  public enum Destination: Sendable, ExpressibleByStringLiteral {
    /// A node, which reads the state.
    case node(String)
    /// A node with an input of its own (G9).
    case send(Send)
    /// Nowhere.
    case end

    /// A node by its name.
    public init(stringLiteral name: String) { self = .node(name) }
  }

  /// In the order in which they were given.
  public private(set) var destinations: [Destination]

  /// A route to these places.
  public init(_ destinations: [Destination]) { self.destinations = destinations }
  /// A node by its name.
  public init(stringLiteral name: String) { destinations = [.node(name)] }
  /// Several places.
  public init(arrayLiteral elements: Destination...) { destinations = elements }

  /// Nowhere: the run ends, unless other nodes are due.
  public static var end: Route { Route([.end]) }
  /// A node.
  public static func node(_ name: String) -> Route { Route([.node(name)]) }
  /// Several nodes.
  public static func nodes(_ names: [String]) -> Route { Route(names.map { .node($0) }) }
  /// One task for each.
  public static func sends(_ sends: [Send]) -> Route { Route(sends.map { .send($0) }) }

  /// Walks the places.
  public func makeIterator() -> IndexingIterator<[Destination]> { destinations.makeIterator() }

  var isEmpty: Bool { destinations.isEmpty }

  mutating func append(contentsOf other: Route) { destinations += other.destinations }
}

/// A task for a node in the next superstep, with an input of its own (G9).
public struct Send: Sendable {
  /// The node.
  public let node: String
  /// Its input.
  let input: StoredValue

  /// A task for a node declared with `input:` of this type.
  public init(_ node: String, _ input: some Codable & Sendable) {
    self.node = node
    self.input = .live(input) { try GraphCoder.encode(input) }
  }

  /// A task for a node that takes the graph's state: it reads this one instead of the shared one.
  public init<State: GraphState>(_ node: String, state: State) {
    self.node = node
    input = .live(state) { try StateLayout.of(State.self).encodeWhole(state) }
  }
}

/// A value that is stored: as it is in this process, and as bytes once it came from a disk.
public enum StoredValue: Sendable {
  /// The value itself, and how to make bytes of it.
  case live(any Sendable, encode: @Sendable () throws -> [UInt8])
  /// The bytes that `encode` made.
  case encoded([UInt8])

  /// The bytes.
  public func bytes() throws -> [UInt8] {
    switch self {
    case .live(_, let encode): try encode()
    case .encoded(let bytes): bytes
    }
  }

  /// The value, from whichever form is there; nil if it is live and of another type.
  func value<T>(_ type: T.Type, decode: ([UInt8]) throws -> T) rethrows -> T? {
    switch self {
    case .live(let value, _): value as? T
    case .encoded(let bytes): try decode(bytes)
    }
  }
}
