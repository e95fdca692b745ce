import AgentJSON
import FoundationEssentials

extension RunService {
  /// A run, as it is now. Throws `RuntimeError` 404, and 403 for another user's.
  public func run(_ id: String, userID: String? = nil) async throws -> StoredRun {
    if let run = kept.underway(id), run.log.isOpen { return try run.view.checked(userID) }
    if let entry = executor.index.entry(id) { return try entry.view.checked(userID) }
    guard let row = try await store.run(id) else { throw RuntimeError.noRun(id) }
    return try row.checked(userID)
  }

  /// A page of the kept runs, the newest first.
  public func runs(_ query: RunQuery) async throws -> RunPage {
    var page = try await store.list(query)
    page.runs = page.runs.map { row in
      guard let run = kept.underway(row.id), run.log.isOpen else { return row }
      return run.view
    }
    return page
  }

  /// Ends a run, which can be gone on with, and returns it when it has ended. One that was cancelled before stays as it
  /// is. Throws `RuntimeError` 404, 403, and 409 for one that has ended otherwise or that another process executes.
  public func cancel(_ id: String, userID: String? = nil) async throws -> StoredRun {
    var run = try await run(id, userID: userID)
    guard run.status.isDue || run.status == .cancelled else {
      throw RuntimeError(.conflict, "The run '\(id)' has ended: it is \(run.status.rawValue).", shouldRetry: false)
    }
    // Again where it was taken up, or not admitted, at this moment.
    while run.status.isDue {
      if let underway = kept.underway(id) {
        underway.handle.cancel(.cancelled)
        _ = try await underway.log.end()
      } else if let entry = executor.index.entry(id) {
        entry.handle.cancel(.cancelled)
        return entry.view
      } else {
        try checkFree(run)
        try await cancel(waiting: run)
      }
      run = try await self.run(id, userID: userID)
    }
    return run
  }

  /// Ends a run that nobody executes, unless somebody begins to.
  private func cancel(waiting run: StoredRun) async throws {
    let cancelled = RuntimeError(.conflict, "The run was cancelled.", shouldRetry: false)
    let ledger = RunLedger(run, isStored: true, in: store, holder: holder)
    do {
      try await ledger.fail(cancelled, status: .cancelled, reason: .cancelled, nil)
    } catch let error as StoreError where error.isLostRace {
      return
    }
  }

  /// Goes on in the background with a run that has failed or was cancelled, where it stopped, and returns it; one that is
  /// under way stays as it is. Throws `RuntimeError` 404, 403, 409 for one that has its answer or is in memory alone, and
  /// what `AgentCatalog.runnable` throws.
  public func resume(_ id: String, userID: String? = nil) async throws -> StoredRun {
    if let run = try await underway(id, userID: userID) { return run.view }
    let row = try await run(id, userID: userID)
    guard executor.index.entry(id) == nil else {
      throw RuntimeError(
        .conflict,
        "The run '\(id)' is in memory alone: only runs with a run_id, tasks in a session, and runs in the "
          + "background can be gone on with.", shouldRetry: false)
    }
    guard row.status != .completed else {
      throw RuntimeError(.conflict, "The run '\(id)' has its answer.", shouldRetry: false)
    }
    try checkFree(row)
    let agent = try await catalog.runnable(row.agentID, userID: row.userID)
    let run = try start(row, .stored, try call(of: row), agent, isDetached: true)
    try await run.log.opened()
    return run.view
  }

  /// Follows a run: one that is under way, or has ended lately, with all that it told, others with how they ended.
  /// `lastID` is the id of the last event that the reader has; one that this telling of the run has not begins anew.
  ///
  /// `tell` gets what was told. Returns how the run ended. Throws `RuntimeError` 404, 403,
  /// 409 for one that another process executes, and what the run ended with.
  public func follow(
    _ id: String, userID: String? = nil, after lastID: String? = nil, handle: RunHandle,
    tell: @escaping @Sendable (RunEvents) async throws -> Void
  ) async throws -> RunResult {
    try await handle.run {
      let run = try await self.followed(id, userID)
      let telling = run.telling
      let number = lastID.flatMap { telling.number(in: $0) } ?? 0
      return try await Self.follow(run, after: number) { deltas, last in
        try await tell(RunEvents(deltas: deltas, first: last - deltas.count + 1, telling: telling))
      }
    }
  }

  /// The run of this id that is under way here, once it is admitted; one that is being ended is waited for.
  private func underway(_ id: String, userID: String?) async throws -> KeptRun? {
    while let run = kept.underway(id) {
      _ = try await self.run(id, userID: userID)
      if run.handle.reason == nil {
        try await run.log.opened()
        return run
      }
      _ = try await run.log.end()
    }
    return nil
  }

  private func followed(_ id: String, _ userID: String?) async throws -> KeptRun {
    while true {
      let row = try await run(id, userID: userID)
      // Before it is admitted nobody knows how its events are numbered; if it is not, it stays as it is.
      if let run = kept.run(id), (try? await run.log.opened()) != nil { return run }
      switch row.status {
      case .completed: return try KeptRun(ended: row, in: store, holder: holder)
      case .failed, .cancelled: return KeptRun(failed: row, in: store, holder: holder)
      case .queued, .running:
        guard executor.index.entry(id) == nil else {
          throw RuntimeError(.conflict, "The run '\(id)' is in memory alone: it streams to its caller.")
        }
        try checkFree(row)
        // It is taken up within a second.
        try await clock.sleep(for: .milliseconds(200))
      }
    }
  }
}

/// What a run has told in the meantime.
public struct RunEvents: Sendable {
  /// The pieces, at least one.
  public let deltas: [ChatDelta]
  fileprivate let first: Int
  fileprivate let telling: RunTelling

  /// Whether nothing was told before.
  public var isStart: Bool { first == 1 }

  /// The id of one of the pieces, for `Last-Event-ID`.
  public func id(at index: Int) -> String { telling.id(first + index) }
}

/// One telling of a run: each start has its own events.
struct RunTelling: Sendable {
  private let prefix: String

  init(_ name: String) { prefix = name + "-" }

  func id(_ number: Int) -> String { prefix + String(number) }

  /// The number in an id of this telling; nil for others.
  func number(in id: String) -> Int? {
    guard id.hasPrefix(prefix), let number = Int(id.dropFirst(prefix.count)), number >= 0 else { return nil }
    return number
  }
}

extension StoredRun {
  /// Itself, for who may see it. Throws `RuntimeError` 403.
  fileprivate func checked(_ user: String?) throws -> StoredRun {
    if let userID, let user, !userID.isSame(as: user) { throw RuntimeError.othersRun }
    return self
  }
}

extension RuntimeError {
  fileprivate static func noRun(_ id: String) -> RuntimeError {
    RuntimeError(
      .notFound, "There is no run '\(id.prefix(128))'. Runs in memory alone are forgotten some time after their end.")
  }
}
