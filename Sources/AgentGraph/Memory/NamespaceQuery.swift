/// Which namespaces to list: those with items that have not expired, in their order.
public struct NamespaceQuery: Sendable, Hashable {
  /// What a label has to be. A string literal `"*"` is any label, another one that label.
  public enum Label: Sendable, Hashable, ExpressibleByStringLiteral {
    /// Any one label.
    case any
    /// This label, by its bytes.
    case exactly(String)

    /// `any` for `*`, else `exactly`.
    public init(stringLiteral value: String) { self = value == "*" ? .any : .exactly(value) }

    func matches(_ label: String) -> Bool {
      switch self {
      case .any: true
      case .exactly(let wanted): wanted.utf8.elementsEqual(label.utf8)
      }
    }
  }

  /// How a namespace starts.
  public var prefix: [Label]
  /// How a namespace ends; it may overlap with the prefix.
  public var suffix: [Label]
  /// Deeper namespaces are cut to so many labels once they match, and each is listed once; nil: not cut.
  public var depthMax: Int?
  /// So many namespaces at most; 1 through `MemoryLimits.limitMax`.
  public var limit: Int
  /// How many of the namespaces to leave out first.
  public var offset: Int

  /// A query; by default for the first hundred namespaces of all.
  public init(
    prefix: [Label] = [], suffix: [Label] = [], depthMax: Int? = nil, limit: Int = 100, offset: Int = 0
  ) {
    self.prefix = prefix
    self.suffix = suffix
    self.depthMax = depthMax
    self.limit = limit
    self.offset = offset
  }

  /// Whether a namespace, not cut yet, starts and ends as wanted.
  public func matches(_ namespace: MemoryNamespace) -> Bool {
    let labels = namespace.labels
    guard labels.count >= prefix.count, labels.count >= suffix.count else { return false }
    return zip(prefix, labels).allSatisfy { $0.matches($1) }
      && zip(suffix, labels.suffix(suffix.count)).allSatisfy { $0.matches($1) }
  }

  /// A namespace as it is listed.
  public func cut(_ namespace: MemoryNamespace) -> MemoryNamespace {
    guard let depthMax, depthMax < namespace.depth else { return namespace }
    return namespace.prefix(depth: depthMax)
  }
}
