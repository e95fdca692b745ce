import AgentJSON
import FoundationEssentials
import Synchronization

/// Runs that are in memory alone, by their ids: those under way, and the latest that have ended.
final class RunIndex: Sendable {
  /// One of them.
  final class Entry: Sendable {
    private let row: StoredRun
    let record: RunRecord
    let handle: RunHandle
    private let end = Mutex<(outcome: Result<RunResult, RuntimeError>, at: Date)?>(nil)

    init(_ row: StoredRun, _ record: RunRecord, _ handle: RunHandle) {
      self.row = row
      self.record = record
      self.handle = handle
    }

    fileprivate func note(_ outcome: Result<RunResult, RuntimeError>) { end.withLock { $0 = (outcome, Date()) } }

    /// The run as a row would have it.
    var view: StoredRun {
      let (contents, end) = (record.contents, end.withLock { $0 })
      var row = row
      row.status = end == nil ? .running : .completed
      row.endedAt = end?.at
      row.updatedAt = end?.at ?? row.createdAt
      row.startedAt = row.createdAt
      row.starts = 1
      row.steps = contents.steps.map(\.wholeJSON)
      row.usage = contents.usage?.json
      switch end?.outcome {
      case .success(let result): row.output = result.storedJSON
      case .failure(let error):
        row.reason = handle.reason.flatMap(RunReason.init)
        row.status = row.reason == nil || row.reason == .timedOut ? .failed : .cancelled
        row.error = error.storedJSON
      case nil: break
      }
      return row
    }

    /// About how many bytes the entry holds.
    fileprivate var bytes: Int {
      let steps = record.contents.steps.reduce(0) { sum, step in
        sum + 256 + [step.stdout, step.stderr, step.output, step.error].reduce(0) { $0 + ($1?.utf8.count ?? 0) }
      }
      let own = 512 + steps + row.request.memoryBytes
      guard case .success(let result)? = end.withLock({ $0?.outcome }) else { return own }
      return own + result.completion.message.memoryBytes
    }
  }

  private struct State {
    var underway: [String: Entry] = [:]
    var ended: [String: (entry: Entry, bytes: Int)] = [:]
    /// Ids of those that have ended, the oldest first, from `first` on.
    var order: [String] = []
    var first = 0
    var bytes = 0

    mutating func keep(_ id: String, _ entry: Entry, bytesMax: Int, countMax: Int) {
      let size = entry.bytes
      guard size <= bytesMax / 4 else { return }
      ended[id] = (entry, size)
      order.append(id)
      bytes += size
      while bytes > bytesMax || order.count - first > countMax {
        bytes -= ended.removeValue(forKey: order[first])?.bytes ?? 0
        first += 1
      }
      if first > countMax {
        order.removeFirst(first)
        first = 0
      }
    }
  }

  private let state = Mutex(State())
  private let bytesMax: Int
  private let countMax: Int

  /// Remembers at most `countMax` runs that have ended, in about `bytesMax` bytes.
  init(bytesMax: Int = 8 << 20, countMax: Int = 1000) {
    self.bytesMax = bytesMax
    self.countMax = countMax
  }

  /// The run with this id.
  func entry(_ id: String) -> Entry? { state.withLock { $0.underway[id] ?? $0.ended[id]?.entry } }

  /// Notes a run that begins.
  func begin(_ run: AgentRun) {
    var row = StoredRun(
      id: run.id, agentID: run.agent.id, sessionID: run.call.sessionID, userID: run.call.userID,
      request: ["metadata": .object(run.call.metadata)], createdAt: Date())
    row.status = .running
    let entry = Entry(row, run.record, run.handle)
    state.withLock { $0.underway[run.id] = entry }
  }

  /// Forgets a run: another has its id.
  func forget(_ id: String) {
    state.withLock { state in
      state.underway[id] = nil
      state.bytes -= state.ended.removeValue(forKey: id)?.bytes ?? 0
    }
  }

  /// Notes how it ended.
  func end(_ id: String, _ outcome: Result<RunResult, RuntimeError>) {
    state.withLock { state in
      guard let entry = state.underway.removeValue(forKey: id) else { return }
      entry.note(outcome)
      state.keep(id, entry, bytesMax: bytesMax, countMax: countMax)
    }
  }
}

extension RunReason {
  /// How a run's end is told that was asked for from outside.
  init?(_ cancellation: RunCancellation) {
    switch cancellation {
    case .cancelled: self = .cancelled
    case .disconnected: self = .disconnected
    case .superseded: self = .superseded
    case .timedOut: self = .timedOut
    case .shutdown: self = .shutdown
    case .agentDeleted, .lost: return nil
    }
  }
}
