import AgentJSON
import AgentRuntime
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A process that waits for a call.
struct Worker: Sendable, Hashable {
  var id: UInt32
  var kind: WorkerKind
  /// The socket on which it reads its call and writes its answer.
  var channel: Int32
  var isCold: Bool
}

/// The workers that wait, the calls that wait for one, and what is known of the supervisor.
final class WorkerPool: Sendable {
  struct Lane {
    var idle: [Worker] = []
    var waiters: [(id: Int, continuation: CheckedContinuation<Result<Worker, SandboxUnavailable>, Never>)] = []
    var busy = 0
    var coldStarts = 0
    var refusal: String?
    var versions: [String] = []
  }

  struct State {
    var lanes: [WorkerKind: Lane] = [.python: Lane(), .deno: Lane()]
    var watches: [UInt32: (kind: WorkerKind, watch: CallWatch)] = [:]
    var control: ControlSocket?
    var refusal: String?
    /// Calls wait for the supervisor's first packet.
    var isStarting = true
    var isolation: String?
    var enforcement: [String: String] = [:]
    var nextWaiter = 0
  }

  /// Calls that wait for a worker of one kind, at most.
  private static let waitersMax = 1000

  private let state = Mutex(State())
  private let targets: [WorkerKind: Int]

  init(targets: [WorkerKind: Int]) { self.targets = targets }

  /// What health shows.
  var status: SandboxStatus {
    state.withLock { state in
      let refusal = state.isStarting && state.refusal == nil ? "the sandbox has not started yet" : state.refusal
      var status = SandboxStatus(refusal: refusal, isolation: state.isolation, enforcement: state.enforcement)
      for kind in WorkerKind.allCases {
        guard let lane = state.lanes[kind] else { continue }
        for language in kind.languages {
          status.languages[language] = SandboxStatus.Language(
            versions: lane.versions, refusal: lane.refusal, idle: lane.idle.count, busy: lane.busy,
            target: targets[kind] ?? 0, coldStarts: lane.coldStarts)
        }
      }
      return status
    }
  }

  /// Takes a worker, or waits for one. Throws `SandboxUnavailable`, or `CancellationError`.
  func take(_ kind: WorkerKind, watch: CallWatch) async throws -> (Worker, ControlSocket) {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let result = state.withLock { takeNow(&$0, kind, id, continuation) }
        if let result { continuation.resume(returning: result) }
      }
    } onCancel: {
      abandon(kind, id)?.resume(returning: .failure(SandboxUnavailable("the call was cancelled")))
    }
    let worker: Worker
    switch result {
    case .success(let taken): worker = taken
    case .failure(let error):
      try Task.checkCancellation()
      throw error
    }
    let control = state.withLock { state -> ControlSocket? in
      state.lanes[kind]?.busy += 1
      state.watches[worker.id] = (kind, watch)
      return state.control
    }
    guard let control else {
      watch.take(.ended(worker: worker.id, WorkerEnd(.killed)))
      throw SandboxUnavailable("the sandbox's supervisor has just ended")
    }
    return (worker, control)
  }

  private func takeNow(
    _ state: inout State, _ kind: WorkerKind, _ id: Int,
    _ continuation: CheckedContinuation<Result<Worker, SandboxUnavailable>, Never>
  ) -> Result<Worker, SandboxUnavailable>? {
    if Task.isCancelled { return .failure(SandboxUnavailable("the call was cancelled")) }
    if !state.isStarting, let refusal = state.refusal ?? state.lanes[kind]?.refusal {
      return .failure(SandboxUnavailable(refusal))
    }
    if state.lanes[kind]?.idle.isEmpty == false, let worker = state.lanes[kind]?.idle.removeFirst() {
      return .success(worker)
    }
    guard (state.lanes[kind]?.waiters.count ?? 0) < Self.waitersMax else {
      return .failure(SandboxUnavailable("\(Self.waitersMax) calls wait for a worker already"))
    }
    state.lanes[kind]?.coldStarts += 1
    state.lanes[kind]?.waiters.append((id, continuation))
    state.control?.send(.want(kind, count: 1))
    return nil
  }

  private func abandon(
    _ kind: WorkerKind, _ id: Int
  ) -> CheckedContinuation<Result<Worker, SandboxUnavailable>, Never>? {
    state.withLock { state in
      guard let index = state.lanes[kind]?.waiters.firstIndex(where: { $0.id == id }) else { return nil }
      return state.lanes[kind]?.waiters.remove(at: index).continuation
    }
  }
}

// MARK: - What the supervisor tells

extension WorkerPool {
  /// Takes a packet; a descriptor that comes with one it does not know is closed.
  func take(_ packet: SupervisorPacket, descriptor: Int32?) {
    switch packet {
    case .hello(let version, let json): noteHello(version, json)
    case .ready(let worker, let kind, let isCold):
      guard let descriptor else { return }
      offer(Worker(id: worker, kind: kind, channel: descriptor, isCold: isCold))
    case .started(let worker), .output(let worker, _, _):
      state.withLock { $0.watches[worker]?.watch }?.take(packet)
    case .ended(let worker, _): noteEnd(worker, packet)
    case .fault(let kind, let text): noteFault(kind, text)
    }
  }

  private func noteHello(_ version: UInt32, _ json: [UInt8]) {
    let facts = (try? JSONValue(parsing: json))?.objectValue ?? [:]
    state.withLock { state in
      state.isStarting = false
      guard version == 1 else {
        state.refusal = "the sandbox's supervisor speaks version \(version) of the protocol, not 1; reinstall both"
        return
      }
      let isolation = facts["isolation"]?.stringValue ?? "none"
      state.isolation = isolation == "none" ? nil : isolation
      state.refusal =
        state.isolation == nil ? facts["reason"]?.stringValue ?? "this machine does not allow isolation" : nil
      state.enforcement = ["wall": "supervisor"]
      for (name, key) in [("memory", "memory"), ("processes", "pids"), ("cpu", "cpu")] {
        state.enforcement[name] = facts[key]?.stringValue
      }
      for kind in WorkerKind.allCases {
        let language = facts["languages"]?[kind == .python ? "python" : "javascript"]
        let versions = language?["versions"]?.arrayValue?.compactMap(\.stringValue) ?? []
        state.lanes[kind]?.versions = versions
        state.lanes[kind]?.refusal = versions.isEmpty ? "no interpreter for \(kind) is installed" : nil
      }
    }
  }

  private func noteFault(_ kind: WorkerKind?, _ text: String) {
    let waiters = state.withLock { state -> [CheckedContinuation<Result<Worker, SandboxUnavailable>, Never>] in
      guard let kind else { return [] }
      state.lanes[kind]?.refusal = text
      return state.takeWaiters(kind)
    }
    for waiter in waiters { waiter.resume(returning: .failure(SandboxUnavailable(text))) }
  }

  private func offer(_ worker: Worker) {
    let waiter = state.withLock { state in
      // An interpreter that did not start does now.
      state.lanes[worker.kind]?.refusal = nil
      if state.lanes[worker.kind]?.waiters.isEmpty == false {
        return state.lanes[worker.kind]?.waiters.removeFirst().continuation
      }
      state.lanes[worker.kind]?.idle.append(worker)
      return nil
    }
    waiter?.resume(returning: .success(worker))
  }

  private func noteEnd(_ id: UInt32, _ packet: SupervisorPacket) {
    let (watch, dead) = state.withLock { state -> (CallWatch?, Worker?) in
      if let (kind, watch) = state.watches.removeValue(forKey: id) {
        state.lanes[kind]?.busy -= 1
        return (watch, nil)
      }
      for kind in WorkerKind.allCases {
        if let index = state.lanes[kind]?.idle.firstIndex(where: { $0.id == id }) {
          return (nil, state.lanes[kind]?.idle.remove(at: index))
        }
      }
      return (nil, nil)
    }
    watch?.take(packet)
    if let dead { _ = close(dead.channel) }
  }

  /// A supervisor runs.
  func connected(_ control: ControlSocket) {
    state.withLock { state in
      state.control = control
      state.isStarting = true
    }
  }

  /// The supervisor is gone, and with it every worker.
  func disconnected(_ why: String) {
    let (watches, idle, waiters) = state.withLock { state in
      state.control = nil
      state.isStarting = false
      // What it said itself is better than that it ended.
      if state.isolation != nil || state.refusal == nil { state.refusal = why }
      state.isolation = nil
      let watches = state.watches
      state.watches = [:]
      let idle = WorkerKind.allCases.flatMap { state.lanes[$0]?.idle ?? [] }
      let waiters = WorkerKind.allCases.flatMap { state.takeWaiters($0) }
      for kind in WorkerKind.allCases {
        state.lanes[kind]?.idle = []
        state.lanes[kind]?.busy = 0
      }
      return (watches, idle, waiters)
    }
    for (id, (_, watch)) in watches { watch.take(.ended(worker: id, WorkerEnd(.killed))) }
    for worker in idle { _ = close(worker.channel) }
    for waiter in waiters { waiter.resume(returning: .failure(SandboxUnavailable(why))) }
  }
}

extension WorkerPool.State {
  fileprivate mutating func takeWaiters(
    _ kind: WorkerKind
  ) -> [CheckedContinuation<Result<Worker, SandboxUnavailable>, Never>] {
    defer { lanes[kind]?.waiters = [] }
    return lanes[kind]?.waiters.map(\.continuation) ?? []
  }
}
