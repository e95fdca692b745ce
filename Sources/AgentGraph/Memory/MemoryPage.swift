/// Some of the items that match a query, in its order.
public struct MemoryPage: Sendable, Equatable {
  /// The items.
  public let items: [MemoryItem]
  /// The offset of the next page; nil if there is nothing more.
  public let nextOffset: Int?

  /// Makes a page.
  public init(items: [MemoryItem], nextOffset: Int?) {
    self.items = items
    self.nextOffset = nextOffset
  }
}

/// Some of the namespaces that match a query, in their order.
public struct NamespacePage: Sendable, Equatable {
  /// The namespaces, without repetition.
  public let namespaces: [MemoryNamespace]
  /// The offset of the next page; nil if there is nothing more.
  public let nextOffset: Int?

  /// Makes a page.
  public init(namespaces: [MemoryNamespace], nextOffset: Int?) {
    self.namespaces = namespaces
    self.nextOffset = nextOffset
  }
}
