import Synchronization

/// Whether a node's writes are kept and used again for the same input (G18).
public struct CachePolicy<State: GraphState>: Sendable {
  /// What the node's result depends on, as text; nil runs the node.
  public var key: @Sendable (State) -> String?
  /// How long a result holds; nil for good.
  public var timeToLive: Duration?

  /// A cache by a key.
  public init(timeToLive: Duration? = nil, key: @escaping @Sendable (State) -> String?) {
    self.key = key
    self.timeToLive = timeToLive
  }
}

/// Results of nodes, kept in memory. One may serve many graphs: entries are told apart by graph and node.
public final class NodeCache: Sendable {
  private struct Entry {
    var value: any Sendable
    var expires: UInt64
  }
  private struct Key: Hashable {
    var graph: String
    var node: String
    var key: String
  }

  private let entriesMax: Int
  private let now: @Sendable () -> UInt64
  private let entries = Mutex<[Key: Entry]>([:])

  /// Keeps at most so many results; beyond that all are forgotten. The clock gives microseconds since 1970.
  public init(entriesMax: Int = 10_000, now: @escaping @Sendable () -> UInt64 = { WallClock.microseconds() }) {
    self.entriesMax = entriesMax
    self.now = now
  }

  /// How many results are kept.
  public var count: Int { entries.withLock { $0.count } }

  /// Forgets everything, or what one node made.
  public func clear(node: String? = nil) {
    entries.withLock { entries in
      guard let node else { return entries.removeAll() }
      entries = entries.filter { $0.key.node != node }
    }
  }

  func value(graph: String, node: String, key: String) -> (any Sendable)? {
    let (key, now) = (Key(graph: graph, node: node, key: key), now())
    return entries.withLock { entries in
      guard let entry = entries[key] else { return nil }
      guard entry.expires > now else {
        entries[key] = nil
        return nil
      }
      return entry.value
    }
  }

  func keep(_ value: any Sendable, graph: String, node: String, key: String, timeToLive: Duration?) {
    var expires = UInt64.max
    if let timeToLive {
      let (seconds, attoseconds) = timeToLive.components
      expires = now() &+ UInt64(max(0, seconds)) &* 1_000_000 &+ UInt64(max(0, attoseconds) / 1_000_000_000_000)
    }
    entries.withLock { entries in
      if entries.count >= entriesMax { entries.removeAll(keepingCapacity: true) }
      entries[Key(graph: graph, node: node, key: key)] = Entry(value: value, expires: expires)
    }
  }
}
