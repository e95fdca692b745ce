/// Where an item is kept: a path of labels, such as `users`, `anna`, `preferences`.
///
/// Namespaces are compared and ordered label by label, labels by their UTF-8 bytes.
public struct MemoryNamespace: Sendable, CustomStringConvertible {
  /// So many labels at most.
  public static let depthMax = 16
  /// So many UTF-8 bytes in a label at most.
  public static let labelBytesMax = 256

  /// The labels, the outermost first; at least one.
  public let labels: [String]

  /// Checks the labels. Throws `invalid_namespace`: there are 1 through `depthMax` labels, each of 1 through
  /// `labelBytesMax` bytes without control characters.
  public init(_ labels: [String]) throws(MemoryStoreError) {
    guard !labels.isEmpty, labels.count <= Self.depthMax else {
      throw MemoryStoreError(
        .invalidNamespace, "A namespace has 1 through \(Self.depthMax) labels, not \(labels.count).")
    }
    for (index, label) in labels.enumerated() {
      if let fault = Self.fault(inLabel: label) {
        throw MemoryStoreError(.invalidNamespace, "The label at index \(index) of a namespace \(fault).")
      }
    }
    self.labels = labels
  }

  /// A namespace of these labels. Throws `invalid_namespace`.
  public init(_ labels: String...) throws(MemoryStoreError) { try self.init(labels) }

  /// The number of labels.
  public var depth: Int { labels.count }

  /// The first `depth` labels; the namespace itself where it has no more. `depth` must be positive.
  public func prefix(depth: Int) -> MemoryNamespace {
    precondition(depth > 0, "a namespace has a label")
    return MemoryNamespace(unchecked: Array(labels.prefix(depth)))
  }

  /// The labels as a JSON array, without ambiguity.
  public var description: String { "[" + labels.map { "\"\($0)\"" }.joined(separator: ", ") + "]" }

  private init(unchecked labels: [String]) { self.labels = labels }

  /// What is wrong with a label, to follow its name; nil if nothing is.
  static func fault(inLabel label: String) -> String? {
    let bytes = label.utf8
    if bytes.isEmpty { return "is empty" }
    if bytes.count > labelBytesMax { return "has \(bytes.count) bytes; \(labelBytesMax) are allowed" }
    if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "holds a control character" }
    return nil
  }
}

// As bytes, for stores: the order of the bytes is that of the namespaces, and those below a namespace start with it.
extension MemoryNamespace {
  /// Follows each label in `sortBytes`; below any byte that a label may hold.
  private static let separator: UInt8 = 0x1F

  /// Each label's UTF-8 and the byte 1F; valid UTF-8. Bytewise order is the order of namespaces.
  public var sortBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(labels.reduce(0) { $0 + $1.utf8.count + 1 })
    for label in labels {
      bytes.append(contentsOf: label.utf8)
      bytes.append(Self.separator)
    }
    return bytes
  }

  /// The first bytes behind all that start with `sortBytes`.
  public var sortBytesEnd: [UInt8] { Array(sortBytes.dropLast()) + [Self.separator + 1] }

  /// Reads `sortBytes` back. Throws `invalid_namespace`.
  public init(sortBytes: some Sequence<UInt8>) throws(MemoryStoreError) {
    let parts = Array(sortBytes).split(separator: Self.separator, omittingEmptySubsequences: false)
    guard parts.last?.isEmpty ?? false else {
      throw MemoryStoreError(.invalidNamespace, "The bytes of a namespace end with the byte 1F.")
    }
    try self.init(parts.dropLast().map { String(decoding: $0, as: UTF8.self) })
  }
}

extension MemoryNamespace: Hashable, Comparable {
  /// Whether all labels have the same bytes; no Unicode equivalence.
  public static func == (lhs: MemoryNamespace, rhs: MemoryNamespace) -> Bool {
    lhs.labels.count == rhs.labels.count
      && zip(lhs.labels, rhs.labels).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
  }

  /// The order label by label, labels by their bytes; a namespace is before those below it.
  public static func < (lhs: MemoryNamespace, rhs: MemoryNamespace) -> Bool {
    lhs.sortBytes.lexicographicallyPrecedes(rhs.sortBytes)
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) { hasher.combine(sortBytes) }
}
