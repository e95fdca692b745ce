import AgentJSON

/// The items of an in-memory store.
struct MemoryTable {
  private struct Entry {
    var item: MemoryItem
    var timeToLive: UInt64?
    let valueBytes: Int

    func isLive(at now: UInt64) -> Bool { MemoryLifetime.isLive(until: item.expiresAt, at: now) }

    mutating func refresh(at now: UInt64) {
      guard let timeToLive else { return }
      item = MemoryItem(
        namespace: item.namespace, key: item.key, value: item.value, createdAt: item.createdAt,
        updatedAt: item.updatedAt, expiresAt: MemoryLifetime.end(from: now, timeToLive: timeToLive))
    }
  }

  /// A namespace's `sortBytes`, the byte 0, and the key: in the order of items.
  private typealias Address = [UInt8]

  private let bytesMax: Int
  private let pageBytesMax: Int
  private var entries: [Address: Entry] = [:]
  private var putsUntilSweep = 0
  /// No entry expires before this.
  private var earliestEnd = UInt64.max
  /// What the operations of a transaction have changed so far.
  private var undo: [(Address, Entry?)] = []
  private(set) var bytes = 0

  init(bytesMax: Int, pageBytesMax: Int) {
    self.bytesMax = bytesMax
    self.pageBytesMax = pageBytesMax
  }

  /// Does all of the operations or, where it throws, none.
  mutating func perform(
    _ operations: [CheckedMemoryOperation], at now: UInt64
  ) throws(MemoryStoreError) -> [MemoryOutcome] {
    defer { undo.removeAll() }
    do {
      var outcomes: [MemoryOutcome] = []
      for operation in operations { outcomes.append(try perform(operation, at: now)) }
      return outcomes
    } catch {
      for (address, entry) in undo.reversed() { replace(address, entry) }
      throw error
    }
  }

  /// Removes at most `max` of the entries that have expired.
  mutating func sweep(max: Int, at now: UInt64) -> Int {
    let expired = entries.filter { !$0.value.isLive(at: now) }.keys.prefix(max)
    for address in expired { replace(address, nil) }
    return expired.count
  }

  private mutating func perform(
    _ checked: CheckedMemoryOperation, at now: UInt64
  ) throws(MemoryStoreError) -> MemoryOutcome {
    switch checked.operation {
    case .put(let namespace, let key, let value, _):
      return .stored(try put(namespace, key, value, checked, at: now))
    case .get(let namespace, let key, let refreshing):
      let address = Self.address(namespace, key)
      guard let entry = live(address, at: now) else { return .item(nil) }
      return .item(refreshing ? refresh(address, entry, at: now).item : entry.item)
    case .delete(let namespace, let key):
      let address = Self.address(namespace, key)
      let wasThere = live(address, at: now) != nil
      change(address, nil)
      return .deleted(wasThere)
    case .search(let query): return .found(search(query, at: now))
    case .listNamespaces(let query): return .namespaces(list(query, at: now))
    }
  }

  private mutating func put(
    _ namespace: MemoryNamespace, _ key: String, _ value: JSONValue, _ checked: CheckedMemoryOperation, at now: UInt64
  ) throws(MemoryStoreError) -> MemoryItem {
    let address = Self.address(namespace, key)
    let size = Self.size(address, checked.encoded.count)
    sweepNowAndThen(at: now, toFit: size)
    let freed = entries[address].map { Self.size(address, $0.valueBytes) } ?? 0
    guard bytes - freed <= bytesMax - size else {
      throw MemoryStoreError(.storeFull, "The store holds \(bytes) of at most \(bytesMax) bytes; \(size) do not fit.")
    }
    let previous = live(address, at: now)?.item
    let item = MemoryItem(
      namespace: namespace, key: key, value: value, createdAt: previous?.createdAt ?? now,
      updatedAt: max(now, previous?.updatedAt ?? now),
      expiresAt: MemoryLifetime.end(from: now, timeToLive: checked.timeToLive))
    change(address, Entry(item: item, timeToLive: checked.timeToLive, valueBytes: checked.encoded.count))
    return item
  }

  private mutating func search(_ query: MemoryQuery, at now: UInt64) -> MemoryPage {
    let prefix = query.prefix?.sortBytes ?? []
    let addresses = entries.keys.filter { $0.starts(with: prefix) }.sorted { $0.lexicographicallyPrecedes($1) }
    var paging = MemoryPaging(limit: query.limit, offset: query.offset, bytesMax: pageBytesMax)
    var items: [MemoryItem] = []
    for address in addresses {
      guard let entry = live(address, at: now) else { continue }
      guard query.filters.allSatisfy({ $0.matches(entry.item.value) }) else { continue }
      switch paging.next(bytes: entry.valueBytes) {
      case .skip: continue
      case .take: items.append(query.refreshesTimeToLive ? refresh(address, entry, at: now).item : entry.item)
      case .stop: return MemoryPage(items: items, nextOffset: paging.nextOffset)
      }
    }
    return MemoryPage(items: items, nextOffset: nil)
  }

  private func list(_ query: NamespaceQuery, at now: UInt64) -> NamespacePage {
    var found: Set<MemoryNamespace> = []
    for entry in entries.values where entry.isLive(at: now) && query.matches(entry.item.namespace) {
      found.insert(query.cut(entry.item.namespace))
    }
    var paging = MemoryPaging(limit: query.limit, offset: query.offset)
    var namespaces: [MemoryNamespace] = []
    for namespace in found.sorted() {
      switch paging.next(bytes: 0) {
      case .skip: continue
      case .take: namespaces.append(namespace)
      case .stop: return NamespacePage(namespaces: namespaces, nextOffset: paging.nextOffset)
      }
    }
    return NamespacePage(namespaces: namespaces, nextOffset: nil)
  }

  private func live(_ address: Address, at now: UInt64) -> Entry? {
    guard let entry = entries[address], entry.isLive(at: now) else { return nil }
    return entry
  }

  private mutating func refresh(_ address: Address, _ entry: Entry, at now: UInt64) -> Entry {
    var entry = entry
    entry.refresh(at: now)
    change(address, entry)
    return entry
  }

  /// Looks through all entries once in so many puts as there were left the last time, which is a constant cost for
  /// each, or where room is needed; and only if something may have expired.
  private mutating func sweepNowAndThen(at now: UInt64, toFit size: Int) {
    putsUntilSweep -= 1
    guard earliestEnd <= now, putsUntilSweep <= 0 || bytes > bytesMax - size else { return }
    earliestEnd = .max
    for (address, entry) in entries {
      if entry.isLive(at: now) { note(entry) } else { change(address, nil) }
    }
    putsUntilSweep = entries.count
  }

  private mutating func note(_ entry: Entry) { earliestEnd = min(earliestEnd, entry.item.expiresAt ?? .max) }

  private mutating func change(_ address: Address, _ entry: Entry?) {
    undo.append((address, entries[address]))
    replace(address, entry)
  }

  private mutating func replace(_ address: Address, _ entry: Entry?) {
    if let old = entries[address] { bytes -= Self.size(address, old.valueBytes) }
    if let entry {
      bytes += Self.size(address, entry.valueBytes)
      note(entry)
    }
    entries[address] = entry
  }

  private static func size(_ address: Address, _ valueBytes: Int) -> Int { address.count + valueBytes }

  private static func address(_ namespace: MemoryNamespace, _ key: String) -> Address {
    namespace.sortBytes + [0] + key.utf8
  }
}
