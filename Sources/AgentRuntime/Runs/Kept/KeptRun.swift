import AgentJSON
import Logging
import Synchronization

/// A run that is kept and under way here: it has a row in the store, goes on without its callers where it may, and can
/// be joined by many.
public final class KeptRun: Sendable {
  private struct State {
    var callers = 0
    var isDetached: Bool
    /// Whether it ends since nobody waits for it any more.
    var isLeft = false
    var record: RunRecord?
    var admission: Task<Void, any Error>?
  }

  let log = RunLog()
  let handle = RunHandle()
  let ledger: RunLedger
  /// Whether it was begun before, so that there may be something to go on from.
  let isResumed: Bool
  /// Whether it was under way when its process ended: rates have counted it then.
  let wasUnderway: Bool
  /// Whether its session is busy now, or there is no place for it.
  let waits: Bool
  private let state: Mutex<State>

  init(ledger: RunLedger, isDetached: Bool, isResumed: Bool, waits: Bool) {
    self.ledger = ledger
    state = Mutex(State(isDetached: isDetached))
    self.isResumed = isResumed
    wasUnderway = isResumed && ledger.row.status.isDue
    self.waits = waits
  }

  /// A run that has its answer. Throws `StoreError.corrupt` where the row has none.
  convenience init(ended row: StoredRun, in store: any RunStore, holder: RunHolder) throws {
    let ledger = RunLedger(row, isStored: true, in: store, holder: holder)
    self.init(ledger: ledger, isDetached: true, isResumed: false, waits: false)
    let result = try RunResult(stored: row)
    log.open()
    log.append([.steps(result.steps, of: row.id), result.content])
    log.finish(.success(result))
  }

  /// A run that ended without an answer.
  convenience init(failed row: StoredRun, in store: any RunStore, holder: RunHolder) {
    let ledger = RunLedger(row, isStored: true, in: store, holder: holder)
    self.init(ledger: ledger, isDetached: true, isResumed: false, waits: false)
    log.open()
    log.append([.steps(row.steps.compactMap(ExecutionStep.init), of: row.id)])
    log.finish(.failure(RuntimeError(stored: row.error ?? [:])))
  }

  /// What ids of events begin with: they are numbered anew at each start, and once more when nobody remembers them.
  var telling: RunTelling { RunTelling(log.outcome != nil && contents == nil ? "end" : String(ledger.row.starts)) }

  /// Names the run.
  public var id: String { ledger.row.id }

  /// Notes the run in the store. That is under way when this returns, so that it comes before whatever the run stores;
  /// the run waits for `admitted` before it does anything outside.
  func begin(_ record: RunRecord) {
    state.withLock { $0.record = record }
    // Unstructured: it is waited for from several places, and no cancellation undoes it.
    let admission = Task.immediate { try await store() }
    state.withLock { $0.admission = admission }
  }

  /// The run waits no longer; its row says so, where it said that it did.
  func start() async throws { if waits { try await ledger.start() } }

  /// Returns when the run is noted in the store. Throws `RuntimeError` 409 where another has it.
  func admitted() async throws { try await state.withLock { $0.admission }?.value }

  private func store() async throws {
    do {
      try await ledger.begin(waits: waits)
    } catch let error as StoreError where error.isLostRace {
      throw RuntimeError(.conflict, "The run '\(id)' was taken by another at this moment.", cause: error)
    }
    log.open()
  }

  /// What the run has done so far; nil before it was admitted.
  var contents: RunRecord.Contents? { state.withLock { $0.record }?.contents }

  /// Whether it goes on without a caller: it runs in the background, or is gone on with by itself.
  var isDetached: Bool { state.withLock { $0.isDetached } }

  /// How many wait for the answer.
  var callerCount: Int { state.withLock { $0.callers } }

  /// One more wants the run: to wait for its answer, or to have it in the background. Returns whether that can be, since
  /// it does not end for want of callers.
  func attach(inBackground: Bool) -> Bool {
    state.withLock { state in
      guard !state.isLeft else { return false }
      if inBackground { state.isDetached = true } else { state.callers += 1 }
      return true
    }
  }

  /// A caller has gone. With the last of them the run ends, unless it goes on without.
  func leave() {
    let isLeft = state.withLock { state in
      state.callers -= 1
      state.isLeft = state.callers == 0 && !state.isDetached
      return state.isLeft
    }
    if isLeft, log.outcome == nil { handle.cancel(.disconnected) }
  }

  /// About how many bytes it holds.
  var memoryBytes: Int {
    let row = ledger.row
    return log.bytes + row.request.memoryBytes + row.steps.reduce(row.output?.memoryBytes ?? 0) { $0 + $1.memoryBytes }
  }

  /// The run as it is now.
  var view: StoredRun {
    var row = ledger.row
    if log.outcome == nil, let contents {
      row.note(steps: contents.steps, contents.usage)
    }
    return row
  }
}

extension KeptRun {
  /// Stores how the run ended, and returns it as its callers are to hear it.
  func settle(_ outcome: Result<RunResult, any Error>, _ logger: Logger) async -> Result<RunResult, any Error> {
    do {
      switch outcome {
      case .success(let result): try await ledger.complete(result)
      case .failure(let error): try await settle(failure: error)
      }
    } catch let error as StoreError where error.kind == .notFound {
      // Its agent was deleted, and the run with it.
    } catch {
      logger.error(
        "the end of a run was not stored: it stays due",
        metadata: ["run_id": "\(id)", "error": "\(RuntimeError(describing: error).logText)"])
      return .failure(RuntimeError(describing: error))
    }
    guard case .failure(let error) = outcome, error is CancellationError else { return outcome }
    return .failure(RuntimeError(.conflict, "The run '\(id)' was ended when its caller left.", shouldRetry: false))
  }

  private func settle(failure error: any Error) async throws {
    // A run may fail before its row is written. What was refused before it began has none, or has it as it was.
    try? await admitted()
    guard let contents, log.isOpen else { return }
    let told = RuntimeError(describing: error)
    switch handle.reason {
    case .shutdown: try await ledger.release()
    case .agentDeleted, .lost: break
    case .timedOut: try await ledger.fail(told, reason: .timedOut, contents)
    case .cancelled: try await ledger.fail(told, status: .cancelled, reason: .cancelled, contents)
    case .superseded: try await ledger.fail(told, status: .cancelled, reason: .superseded, contents)
    case .disconnected:
      try await ledger.fail(.callerLeft, status: .cancelled, reason: .disconnected, contents)
    case nil: try await ledger.fail(told, contents)
    }
  }
}

extension StoreError {
  /// Whether another write came first.
  var isLostRace: Bool {
    if case .conflict = kind { return true }
    return kind == .exists
  }
}
