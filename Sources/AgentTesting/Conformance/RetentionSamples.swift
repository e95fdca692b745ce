import AgentGraph
import AgentRuntime
import FoundationEssentials

/// Threads with a past, for the checks of stores.
extension RuntimeStore {
  /// Saves a checkpoint of a thread, made so many seconds after the first time.
  func saveThread(_ name: String, at seconds: Double, in namespace: GraphNamespace = .root) async throws {
    let (key, time) = (StoreSamples.key(name), StoreSamples.time(seconds))
    var record = AgentThread(
      key: key, userID: nil, messageCount: 2, messages: StoreSamples.turn(key).messages, createdAt: time,
      updatedAt: time
    ).checkpoint()
    record.thread = name
    record.namespace = namespace
    record.id = CheckpointID(time: UInt64((time.timeIntervalSince1970 * 1_000_000).rounded()), origin: 1)
    try await threads.save([.checkpoint(record)])
  }

  /// Whether a thread has anything.
  func hasThread(_ name: String) async throws -> Bool { try await !threads.namespaces(thread: name).isEmpty }

  /// Which of these threads have anything.
  func threads(of names: [String]) async throws -> [String] {
    var found: [String] = []
    for name in names where try await hasThread(name) { found.append(name) }
    return found
  }

  /// Removes runs; returns how many went.
  func pruneRuns(endedBefore time: Date, limit: Int) async throws -> Int {
    try await runs.prune(endedBefore: time, limit: limit).count
  }

  /// Removes all threads that were not written since so many seconds after the first time; returns their names, sorted.
  func pruneAllThreads(unusedSince seconds: Double, limit: Int = 100) async throws -> [String] {
    var (removed, place): ([String], Int64?) = ([], nil)
    for _ in 0..<10_000 {
      let step = try await pruneThreads(unusedSince: StoreSamples.time(seconds), after: place, limit: limit)
      removed += step.removed
      guard let next = step.next else { return removed.sorted() }
      place = next
    }
    throw ConformanceFailure(description: "ten thousand steps have no end")
  }
}
