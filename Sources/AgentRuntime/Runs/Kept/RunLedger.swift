import AgentJSON
import FoundationEssentials
import Synchronization

/// Who executes runs here, and how long it may be silent before others take them over.
struct RunHolder: Sendable {
  /// The process, by an id that no two share.
  let name: String
  /// How long a claim lasts that is not renewed.
  let lease: Duration
  let now: @Sendable () -> Date

  var claim: RunClaim { RunClaim(holder: name, until: now() + TimeInterval(lease / .seconds(1))) }
}

/// Writes what becomes of a run into its row, one write after the other. Throws `StoreError`.
final class RunLedger: Sendable {
  private struct State {
    var row: StoredRun
    /// The row's revision as this process knows it; nil until it is stored.
    var revision: Int?
  }

  private let store: any RunStore
  private let holder: RunHolder
  private let turnstile = Turnstile()
  private let state: Mutex<State>

  /// A ledger of a run that is stored already, or is to be.
  init(_ row: StoredRun, isStored: Bool, in store: any RunStore, holder: RunHolder) {
    self.store = store
    self.holder = holder
    state = Mutex(State(row: row, revision: isStored ? row.revision : nil))
  }

  /// The row as it was last written.
  var row: StoredRun { state.withLock { $0.row } }

  /// Takes the run: whoever else tries to is refused. `waits` until its session is free, or a place is.
  func begin(waits: Bool) async throws {
    try await write { row in
      row.status = waits ? .queued : .running
      row.startedAt = row.startedAt ?? holder.now()
      row.starts += 1
      row.claim = holder.claim
      (row.reason, row.error, row.endedAt) = (nil, nil, nil)
    }
  }

  /// The run waits no longer.
  func start() async throws {
    guard row.status == .queued else { return }
    try await write { $0.status = .running }
  }

  /// The run has its answer.
  func complete(_ result: RunResult) async throws {
    try await end(.completed, steps: result.steps, usage: result.usage) { $0.output = result.storedJSON }
  }

  /// The run ended without an answer, and may be gone on with.
  func fail(
    _ error: RuntimeError, status: RunStatus = .failed, reason: RunReason? = nil, _ contents: RunRecord.Contents?
  ) async throws {
    try await end(status, steps: contents?.steps, usage: contents?.usage) { row in
      row.error = error.storedJSON
      row.reason = reason
    }
  }

  private func end(
    _ status: RunStatus, steps: [ExecutionStep]?, usage: TokenUsage?, _ change: (inout StoredRun) -> Void
  ) async throws {
    try await write { row in
      row.status = status
      row.note(steps: steps ?? [], usage)
      row.endedAt = holder.now()
      row.claim = nil
      change(&row)
    }
  }

  /// Leaves the run to whoever takes it next.
  func release() async throws {
    try await write { row in
      row.status = .queued
      row.claim = nil
    }
  }

  /// Keeps others from taking the run over for another while.
  func renew() async throws {
    try await turnstile.pass {
      let (row, revision) = state.withLock { ($0.row, $0.revision) }
      guard let revision, row.status.isDue, row.claim != nil else { return }
      let claim = holder.claim
      let next = try await store.claim(row.id, by: claim.holder, until: claim.until, expecting: revision)
      state.withLock { state in
        state.revision = next
        state.row.claim = claim
      }
    }
  }

  private func write(_ change: (inout StoredRun) -> Void) async throws {
    try await turnstile.pass {
      var (row, revision) = state.withLock { ($0.row, $0.revision) }
      change(&row)
      row.updatedAt = holder.now()
      if let known = revision {
        revision = try await store.replace(row, expecting: known)
      } else {
        try await store.insert(row)
        revision = 1
      }
      row.revision = revision ?? 1
      state.withLock { [row, revision] in $0 = State(row: row, revision: revision) }
    }
  }
}

extension StoredRun {
  /// Notes what was done. What an earlier start did stays where this one has done nothing yet.
  mutating func note(steps: [ExecutionStep], _ usage: TokenUsage?) {
    if !steps.isEmpty { self.steps = steps.map(\.wholeJSON) }
    if let usage { self.usage = usage.json }
  }
}

extension RuntimeError {
  /// The error as a run's row keeps it, and as the API shows it.
  var storedJSON: JSONObject {
    var json: JSONObject = ["code": .string(code.rawValue), "message": .string(message), "status": .integer(status)]
    var details = details ?? [:]
    // The run has both itself.
    for name in ["execution_steps", "run_id"] { details[name] = nil }
    if !faults.isEmpty { details["errors"] = .array(faults.map(\.json)) }
    if !details.isEmpty { json["details"] = .object(details) }
    return json
  }

  /// Reads back what `storedJSON` wrote.
  init(stored json: JSONObject) {
    self.init(
      ErrorCode(rawValue: json["code"]?.stringValue ?? ErrorCode.internal.rawValue),
      json["message"]?.stringValue ?? "The run ended without an answer.", status: json["status"]?.intValue,
      details: json["details"]?.objectValue, shouldRetry: false)
  }
}
