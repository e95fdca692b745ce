import AgentGraph

/// From which namespace to which, both as bytes.
struct MemoryRange: Sendable {
  let start: [UInt8]
  let end: [UInt8]

  /// All namespaces that start with these labels, as far as they are known.
  init(startingWith pattern: [NamespaceQuery.Label]) {
    var labels: [String] = []
    for case .exactly(let label) in pattern.prefix(while: { $0 != .any }) { labels.append(label) }
    // Nil without a label; what labels have to be was checked.
    self.init(prefix: try? MemoryNamespace(labels))
  }

  /// A namespace with all below it; nil: all namespaces.
  init(prefix: MemoryNamespace?) {
    start = prefix?.sortBytes ?? []
    end = prefix?.sortBytesEnd ?? Self.last
  }

  /// The first bytes behind this namespace alone: those below it go on with 20 or more.
  static func behind(_ namespace: MemoryNamespace) -> [UInt8] { namespace.sortBytes + [0] }

  /// No UTF-8 has this byte: behind all namespaces.
  private static let last: [UInt8] = [0xFF]
}
