import AgentJSON

/// Bounds of what a memory store takes on; those of a namespace are `MemoryNamespace`'s own.
public struct MemoryLimits: Sendable, Hashable {
  /// So many UTF-8 bytes in a key at most.
  public var keyBytesMax = 1024
  /// So many bytes in a value's JSON text at most.
  public var valueBytesMax = 1 << 20
  /// So many arrays and objects within each other in a value at most; beyond 128 counts as that.
  public var valueDepthMax = 64
  /// The longest time to live.
  public var timeToLiveMax = Duration.seconds(100 * 366 * 86_400)
  /// The largest `limit` of a query.
  public var limitMax = 1000
  /// A page of items ends before its values exceed so many bytes of JSON text, unless it has one item only.
  public var pageBytesMax = 8 << 20
  /// So many filters in a query at most.
  public var filtersMax = 16
  /// So many names in a filter's path at most.
  public var pathDepthMax = 16
  /// So many bytes in the names of a filter's path and its operand's JSON text together at most.
  public var filterBytesMax = 16 << 10
  /// So many operations in a batch at most.
  public var operationsMax = 100

  /// The defaults.
  public init() {}

  /// The largest `max` of `sweepExpired`.
  public static let sweepMax = 10_000
}

extension MemoryLimits {
  /// Checks all operations before any is done, for implementations of stores. Throws `MemoryStoreError`.
  public func check(_ operations: [MemoryOperation]) throws(MemoryStoreError) -> [CheckedMemoryOperation] {
    guard operations.count <= operationsMax else {
      throw MemoryStoreError(
        .batchTooLarge, "A batch has at most \(operationsMax) operations, not \(operations.count).")
    }
    var checked: [CheckedMemoryOperation] = []
    checked.reserveCapacity(operations.count)
    for operation in operations { checked.append(try check(operation)) }
    return checked
  }

  /// Checks the `max` of `sweepExpired`. Throws `invalid_query`.
  public static func check(sweep max: Int) throws(MemoryStoreError) {
    guard (1...sweepMax).contains(max) else {
      throw MemoryStoreError(.invalidQuery, "A sweep removes 1 through \(sweepMax) items, not \(max).")
    }
  }

  private func check(_ operation: MemoryOperation) throws(MemoryStoreError) -> CheckedMemoryOperation {
    var encoded: [UInt8] = []
    var microseconds: UInt64?
    switch operation {
    case .put(_, let key, let value, let timeToLive):
      try check(key: key)
      encoded = try check(value: value)
      microseconds = try check(timeToLive: timeToLive)
    case .get(_, let key, _), .delete(_, let key): try check(key: key)
    case .search(let query): try check(query)
    case .listNamespaces(let query): try check(query)
    }
    return CheckedMemoryOperation(operation: operation, encoded: encoded, timeToLive: microseconds)
  }

  private func check(key: String) throws(MemoryStoreError) {
    guard (1...max(keyBytesMax, 1)).contains(key.utf8.count) else {
      throw MemoryStoreError(.invalidKey, "A key has 1 through \(keyBytesMax) bytes, not \(key.utf8.count).")
    }
  }

  private func check(value: JSONValue) throws(MemoryStoreError) -> [UInt8] {
    // The parser reads no deeper than 128, and what is put has to be read again.
    let depthMax = min(valueDepthMax, 128)
    if let fault = value.memoryFault(depthMax: depthMax) {
      throw MemoryStoreError(.invalidValue, "The value \(fault).")
    }
    let encoded = value.encoded()
    guard encoded.count <= valueBytesMax else {
      throw MemoryStoreError(
        .invalidValue, "The value has \(encoded.count) bytes of JSON text; \(valueBytesMax) are allowed.")
    }
    return encoded
  }

  private func check(timeToLive: Duration?) throws(MemoryStoreError) -> UInt64? {
    guard let timeToLive else { return nil }
    guard timeToLive > .zero, timeToLive <= timeToLiveMax else {
      throw MemoryStoreError(
        .invalidTimeToLive, "A time to live is more than 0 and at most \(timeToLiveMax), not \(timeToLive).")
    }
    return timeToLive.microsecondsUp
  }

  private func check(_ query: MemoryQuery) throws(MemoryStoreError) {
    try check(limit: query.limit, offset: query.offset)
    guard query.filters.count <= filtersMax else {
      throw MemoryStoreError(
        .invalidQuery, "A query has at most \(filtersMax) filters, not \(query.filters.count).")
    }
    for filter in query.filters {
      guard filter.path.count <= pathDepthMax else {
        throw MemoryStoreError(
          .invalidQuery, "A filter's path has at most \(pathDepthMax) names, not \(filter.path.count).")
      }
      if let fault = filter.operand.memoryFault(depthMax: min(valueDepthMax, 128)) {
        throw MemoryStoreError(.invalidQuery, "The operand of a filter \(fault).")
      }
      let size = filter.path.reduce(filter.operand.encoded().count) { $0 + $1.utf8.count }
      guard size <= filterBytesMax else {
        throw MemoryStoreError(
          .invalidQuery, "A filter's path and operand have at most \(filterBytesMax) bytes, not \(size).")
      }
    }
  }

  private func check(_ query: NamespaceQuery) throws(MemoryStoreError) {
    try check(limit: query.limit, offset: query.offset)
    if let depth = query.depthMax, depth < 1 {
      throw MemoryStoreError(.invalidQuery, "Namespaces are cut to 1 label or more, not \(depth).")
    }
    for pattern in [query.prefix, query.suffix] {
      guard pattern.count <= MemoryNamespace.depthMax else {
        throw MemoryStoreError(
          .invalidQuery, "A pattern has at most \(MemoryNamespace.depthMax) labels, not \(pattern.count).")
      }
      for case .exactly(let label) in pattern {
        if let fault = MemoryNamespace.fault(inLabel: label) {
          throw MemoryStoreError(.invalidQuery, "A label of a pattern \(fault).")
        }
      }
    }
  }

  private func check(limit: Int, offset: Int) throws(MemoryStoreError) {
    guard (1...max(limitMax, 1)).contains(limit) else {
      throw MemoryStoreError(.invalidQuery, "A limit is 1 through \(limitMax), not \(limit).")
    }
    guard offset >= 0 else { throw MemoryStoreError(.invalidQuery, "An offset is 0 or more, not \(offset).") }
  }
}

extension JSONValue {
  /// What keeps a value from being stored and read again, to follow its name; nil if nothing does.
  fileprivate func memoryFault(depthMax: Int) -> String? {
    switch self {
    case .double(let value) where !value.isFinite: return "holds a number that is not finite"
    case .array(let elements):
      guard depthMax > 0 else { return Self.depthFault }
      for element in elements {
        if let fault = element.memoryFault(depthMax: depthMax - 1) { return fault }
      }
    case .object(let object):
      guard depthMax > 0 else { return Self.depthFault }
      for member in object {
        if let fault = member.value.memoryFault(depthMax: depthMax - 1) { return fault }
      }
    default: break
    }
    return nil
  }

  private static var depthFault: String { "has more arrays and objects within each other than allowed" }
}

extension Duration {
  /// Microseconds, rounded up; of a positive duration.
  fileprivate var microsecondsUp: UInt64 {
    let (seconds, attoseconds) = components
    let rest = UInt64(attoseconds) / 1_000_000_000_000 + (attoseconds % 1_000_000_000_000 == 0 ? 0 : 1)
    let (product, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
    let (sum, overflowsToo) = product.addingReportingOverflow(rest)
    return overflows || overflowsToo ? .max : sum
  }
}
