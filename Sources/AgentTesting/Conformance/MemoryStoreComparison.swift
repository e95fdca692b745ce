public import AgentGraph
import AgentJSON

/// Random operations, the same for a seed, done by a store and by `InMemoryMemoryStore`, which have to agree.
public struct MemoryStoreComparison: Sendable {
  /// Operations that were done by both.
  public private(set) var operations = 0
  /// Items that were got or found; so that a test can tell whether it has tested anything.
  public private(set) var itemsSeen = 0
  /// Searches with filters other than `ne` that found items.
  public private(set) var searchesWithFilters = 0
  /// Namespaces that were listed.
  public private(set) var namespacesSeen = 0
  /// Batches that both refused.
  public private(set) var refusals = 0
  /// Items that sweeps removed from the store.
  public private(set) var itemsSwept = 0

  /// Does so many batches. Throws `ConformanceFailure` where the stores differ, naming the batch.
  public init(seed: UInt64, batches: Int, _ make: MemoryStoreConformance.Making) async throws {
    let time = ManualTime()
    let store = try await make { time.now }
    let model = InMemoryMemoryStore { time.now }
    var random = MemorySamples(seed: seed)
    for number in 0..<batches {
      if random.isOne(in: 3) { time.pass(microseconds: .random(in: 1...300_000, using: &random.generator)) }
      if random.isOne(in: 50) { itemsSwept += try await store.sweepExpired(max: 20) }
      try await compare(random.batch(), store, model, "seed \(seed), batch \(number)")
    }
    let everything: [MemoryOperation] = [
      .search(MemoryQuery(limit: 1000)), .listNamespaces(NamespaceQuery(limit: 1000)),
    ]
    try await compare(everything, store, model, "seed \(seed), at the end")
  }

  private mutating func compare(
    _ batch: [MemoryOperation], _ store: any MemoryStore, _ model: any MemoryStore, _ what: String
  ) async throws {
    let (got, wanted) = (try await Self.outcomes(store, batch), try await Self.outcomes(model, batch))
    guard case .success(let gotten) = got, case .success(let outcomes) = wanted else {
      if case .failure(let left) = got, case .failure(let right) = wanted, left.code == right.code {
        refusals += 1
        return
      }
      throw ConformanceFailure(description: "\(what), \(batch): got \(got), wanted \(wanted)")
    }
    try expectEqual(gotten.count, batch.count, "\(what): outcomes")
    for index in batch.indices {
      let (left, right) = (gotten[index], outcomes[index])
      try expect(left == right, "\(what), operation \(index), \(batch[index]): got \(left), wanted \(right)")
      count(batch[index], right)
    }
    operations += batch.count
  }

  private mutating func count(_ operation: MemoryOperation, _ outcome: MemoryOutcome) {
    switch outcome {
    case .item(let item): itemsSeen += item == nil ? 0 : 1
    case .found(let page):
      itemsSeen += page.items.count
      if case .search(let query) = operation, query.filters.contains(where: { $0.comparison != .ne }) {
        searchesWithFilters += page.items.isEmpty ? 0 : 1
      }
    case .namespaces(let page): namespacesSeen += page.namespaces.count
    case .stored, .deleted: break
    }
  }

  private static func outcomes(
    _ store: any MemoryStore, _ batch: [MemoryOperation]
  ) async throws -> Result<[MemoryOutcome], MemoryStoreError> {
    do {
      return .success(try await store.perform(batch))
    } catch let error as MemoryStoreError {
      return .failure(error)
    }
  }
}
