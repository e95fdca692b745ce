import FoundationEssentials
import Logging

extension RunService {
  /// Goes on with runs that nobody executes, and keeps others from taking those that are executed here, until the task
  /// is cancelled; then leaves what is under way to the next process. `isAlone`: no other process can have the store
  /// open, so that whoever held a run is gone.
  public func keepGoing(isAlone: Bool) async {
    if isAlone { await noting("runs of an earlier process were not released") { try await store.releaseClaims() } }
    // By itself: to take runs up may take long, and meanwhile claims would be over.
    async let renewals: Void = keepClaims()
    while !Task.isCancelled {
      let isWell = await noting("due runs were not taken up") { try await pickUp() }
      try? await clock.sleep(for: isWell ? Self.round : Self.roundAfterFault)
    }
    await renewals
    for run in kept.all { run.handle.cancel(.shutdown) }
    await kept.drained()
  }

  private static let round = Duration.seconds(1)
  /// A store that takes nothing is not asked every second, nor is the log told as often.
  private static let roundAfterFault = Duration.seconds(5)
  private static let renewal = Duration.seconds(10)
  /// Runs that bring the process down are not begun for ever.
  private static let startsMax = 10

  /// Begins the runs that are due and that nobody holds. Throws where the store can be used for none of them.
  func pickUp() async throws {
    guard !executor.isClosed else { return }
    for due in try await store.claimable(at: holder.now(), limit: 100) where kept.underway(due.id) == nil {
      try Task.checkCancellation()
      var (hasRoom, fault): (Bool, (any Error)?) = (true, nil)
      await noting("a due run was not taken up", due.id) {
        do {
          hasRoom = try await takeUp(due)
        } catch {
          guard error.isOutageOfStore else { throw error }
          fault = error
        }
      }
      if let fault { throw fault }
      // Who comes next must not overtake it.
      guard hasRoom else { return }
    }
  }

  private func keepClaims() async {
    while !Task.isCancelled {
      await renew()
      try? await clock.sleep(for: Self.renewal)
    }
  }

  /// Returns whether there was room for it.
  private func takeUp(_ due: ClaimableRun) async throws -> Bool {
    let row: StoredRun
    do {
      guard let found = try await store.run(due.id), found.revision == due.revision else { return true }
      row = found
    } catch let error as StoreError where error.kind == .corrupt {
      // Not every second again.
      let later = holder.now() + 3600
      try await store.claim(due.id, by: holder.name, until: later, expecting: due.revision)
      throw error
    }
    do {
      // One that is queued has waited, or was left in order.
      guard row.status == .queued || row.starts < Self.startsMax else {
        throw RuntimeError(
          .execution, "The run was begun \(row.starts) times and never came to an end.", shouldRetry: false)
      }
      let agent = try await catalog.runnable(row.agentID, userID: row.userID)
      let run = try start(row, .stored, try call(of: row), agent, isDetached: true)
      try await run.log.opened()
      logger.info("a run goes on", metadata: ["run_id": "\(row.id)", "agent_id": "\(row.agentID)"])
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      let told = RuntimeError(describing: error)
      if told.status == 429 { return false }
      // Another may have been faster.
      if told.code == .conflict { return true }
      guard told.status != 503 else { throw error }
      logger.warning(
        "a due run cannot go on", metadata: ["run_id": "\(row.id)", "error": "\(told.logText)"])
      try await RunLedger(row, isStored: true, in: store, holder: holder).fail(told, nil)
    }
    return true
  }

  private func renew() async {
    for run in kept.all {
      do {
        try await run.ledger.renew()
      } catch let error as StoreError where error.isLostRace {
        run.handle.cancel(.lost)
      } catch {
        // The next round tries again, before the claim is over.
        logger.warning("a claim was not renewed", metadata: ["run_id": "\(run.id)", "error": "\(error)"])
        if error.isOutageOfStore { return }
      }
    }
  }

  /// Returns whether the work was done.
  @discardableResult
  private func noting(_ problem: String, _ id: String? = nil, _ work: () async throws -> Void) async -> Bool {
    do {
      try await work()
      return true
    } catch is CancellationError {
      return false
    } catch {
      let told = RuntimeError(describing: error).logText
      logger.warning("\(problem)", metadata: ["error": "\(told)"].merging(id.map { ["run_id": "\($0)"] } ?? [:]) { $1 })
      return false
    }
  }
}

extension Error {
  /// Whether the store as a whole cannot be used now, such as when the disk is full.
  fileprivate var isOutageOfStore: Bool {
    guard let error = ((self as? RuntimeError)?.cause ?? self) as? StoreError else { return false }
    return error.kind == .readOnly || error.kind == .unavailable
  }
}
