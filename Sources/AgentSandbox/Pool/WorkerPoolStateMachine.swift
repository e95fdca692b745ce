import AgentRuntime

/// Who gets which worker: those that wait for calls, the calls that wait for workers, first come first served.
struct WorkerPoolStateMachine {
  /// A process that runs one call.
  struct Worker: Hashable {
    var id: UInt32
    var kind: WorkerKind
    /// Its channel.
    var socket: Int32
  }

  /// What the owner does next, in this order.
  enum Action: Hashable {
    case give(Worker, to: UInt64, isCold: Bool)
    case refuse(UInt64, SandboxUnavailable)
    case want(kind: WorkerKind, count: UInt32)
    /// It is not needed: kill it and close its channel.
    case discard(Worker)
    /// It is gone: close its channel.
    case close(Int32)
  }

  private struct Waiter {
    var call: UInt64
    var program: SandboxProgram
    /// Nil before the supervisor has said what there is.
    var kind: WorkerKind?
    var deadline: ContinuousClock.Instant
  }

  struct Kind {
    var idle: [Worker] = []
    var busy = 0
    var waiting = 0
    /// Workers that were asked for and have not come.
    var wanted = 0
    var coldStarts = 0
    /// The last fault; nil once a worker was ready again.
    var fault: String?
    var hasWorked = false
  }

  private let configuration: SandboxConfiguration
  private(set) var kinds: [WorkerKind: Kind] = [:]
  private var waiters: [Waiter] = []
  private var busy: [UInt32: WorkerKind] = [:]
  /// The layers by their folders; numbered from 1.
  private var layers: [String: UInt32] = [:]
  private var lastLayer: UInt32 = 0
  private(set) var facts: SandboxFacts?
  /// Why nothing runs for the time being.
  private(set) var down: String? = "the sandbox is starting"
  /// Why nothing will run; a fault of the machine or of the settings.
  private(set) var refusal: String?

  init(_ configuration: SandboxConfiguration) { self.configuration = configuration }

  /// The folder of a layer; nil for 0.
  func path(ofLayer number: UInt32) -> String? { layers.first { $0.value == number }?.key }

  /// Whether time matters: somebody waits or runs.
  var isQuiet: Bool { waiters.isEmpty && busy.isEmpty }

  // MARK: Calls

  mutating func request(
    _ call: UInt64, _ program: SandboxProgram, now: ContinuousClock.Instant
  ) -> [Action] {
    var waiter = Waiter(call: call, program: program, kind: nil, deadline: now + configuration.waitMax)
    if let refusal { return [.refuse(call, SandboxUnavailable(refusal))] }
    if facts != nil {
      switch place(program) {
      case .success(let kind): waiter.kind = kind
      case .failure(let unavailable): return [.refuse(call, unavailable)]
      }
    }
    if let kind = waiter.kind, let worker = kinds[kind, default: Kind()].idle.popLast() {
      start(worker)
      return [.give(worker, to: call, isCold: false)]
    }
    guard waiters.count < configuration.waitingMax else {
      let message =
        "The sandbox is busy: \(busy.count) programs run and \(waiters.count) wait, which is as many as may. "
        + "Try again later."
      return [.refuse(call, SandboxUnavailable(message))]
    }
    waiters.append(waiter)
    guard let kind = waiter.kind else { return [] }
    kinds[kind, default: Kind()].waiting += 1
    kinds[kind, default: Kind()].coldStarts += 1
    return wants(kind)
  }

  /// The caller of a waiting call is gone. False where it does not wait (any more).
  mutating func leave(_ call: UInt64) -> Bool {
    guard let index = waiters.firstIndex(where: { $0.call == call }) else { return false }
    removeWaiter(at: index)
    return true
  }

  /// Calls that have waited too long.
  mutating func tick(_ now: ContinuousClock.Instant) -> [Action] {
    guard waiters.contains(where: { $0.deadline <= now }) else { return [] }
    var actions: [Action] = []
    for waiter in waiters where waiter.deadline <= now {
      let cause = waiter.kind.flatMap { kinds[$0]?.fault } ?? down ?? "\(busy.count) programs run"
      let message =
        "No worker came free for \(waiter.program.language.rawValue) within \(configuration.waitMax): \(cause)."
      actions.append(.refuse(waiter.call, SandboxUnavailable(message)))
      _ = leave(waiter.call)
    }
    return actions
  }

  // MARK: The supervisor

  mutating func hello(_ facts: SandboxFacts) -> [Action] {
    self.facts = facts
    down = nil
    guard facts.isolation != nil else {
      return refuseAll(
        facts.reason.map { "Code cannot be run here: \($0)" }
          ?? "Code cannot be run here: nothing can isolate it (user namespaces are refused, and this is not root).")
    }
    var actions: [Action] = []
    for index in waiters.indices.reversed() {
      switch place(waiters[index].program) {
      case .success(let kind):
        waiters[index].kind = kind
        kinds[kind, default: Kind()].waiting += 1
      case .failure(let unavailable):
        actions.append(.refuse(waiters[index].call, unavailable))
        waiters.remove(at: index)
      }
    }
    return actions + kinds.keys.sorted().flatMap { wants($0) }
  }

  mutating func ready(_ worker: Worker, isCold: Bool) -> [Action] {
    var kind = kinds[worker.kind, default: Kind()]
    if isCold { kind.wanted = max(0, kind.wanted - 1) }
    (kind.fault, kind.hasWorked) = (nil, true)
    kinds[worker.kind] = kind
    if let index = waiters.firstIndex(where: { $0.kind == worker.kind }) {
      let call = waiters[index].call
      removeWaiter(at: index)
      start(worker)
      return [.give(worker, to: call, isCold: true)]
    }
    // What a burst leaves behind is not kept.
    if isCold && kind.idle.count >= target(worker.kind) { return [.discard(worker)] }
    kinds[worker.kind]?.idle.append(worker)
    return []
  }

  mutating func ended(_ worker: UInt32) -> [Action] {
    if let kind = busy.removeValue(forKey: worker) {
      kinds[kind]?.busy -= 1
      forgetIfAtRest(kind)
      return kinds.keys.sorted().flatMap { wants($0) }
    }
    for kind in kinds.keys {
      guard let index = kinds[kind]?.idle.firstIndex(where: { $0.id == worker }),
        let gone = kinds[kind]?.idle.remove(at: index)
      else { continue }
      return [.close(gone.socket)]
    }
    return []
  }

  /// An interpreter does not start. The supervisor tries again; calls wait if it worked before.
  mutating func fault(_ kind: WorkerKind, _ text: String) -> [Action] {
    kinds[kind, default: Kind()].fault = text
    guard let state = kinds[kind], !state.hasWorked else { return [] }
    var actions: [Action] = []
    for waiter in waiters where waiter.kind == kind {
      actions.append(.refuse(waiter.call, SandboxUnavailable(cannotStart(waiter.program.language, text))))
      _ = leave(waiter.call)
    }
    return actions
  }

  /// Whether nothing will run.
  var isRefused: Bool { refusal != nil }

  /// Why there is no supervisor now.
  mutating func noteDown(_ why: String) { down = why }

  /// The supervisor is gone. Waiting calls wait for the next one.
  mutating func supervisorEnded(_ down: String) -> [Action] {
    let sockets = kinds.values.flatMap { $0.idle.map(\.socket) }
    kinds = kinds.mapValues { Kind(coldStarts: $0.coldStarts) }
    busy = [:]
    self.down = down
    for index in waiters.indices { waiters[index].kind = nil }
    // Until the next one has said what there is, calls wait.
    if refusal == nil { facts = nil }
    return sockets.sorted().map { .close($0) }
  }

  /// Nothing will run from now on.
  mutating func refuseAll(_ why: String) -> [Action] {
    refusal = why
    let actions = waiters.map { Action.refuse($0.call, SandboxUnavailable(why)) }
    waiters = []
    return actions
  }

  // MARK: Parts

  private mutating func start(_ worker: Worker) {
    busy[worker.id] = worker.kind
    kinds[worker.kind, default: Kind()].busy += 1
  }

  private mutating func removeWaiter(at index: Int) {
    if let kind = waiters.remove(at: index).kind { kinds[kind]?.waiting -= 1 }
  }

  /// As many workers as calls wait, within the bound on all workers.
  private mutating func wants(_ kind: WorkerKind) -> [Action] {
    guard let state = kinds[kind] else { return [] }
    let all = kinds.values.reduce(0) { $0 + $1.busy + $1.idle.count + $1.wanted }
    let count = min(state.waiting - state.wanted, configuration.workersMax - all)
    guard count > 0 else { return [] }
    kinds[kind]?.wanted += count
    return [.want(kind: kind, count: UInt32(count))]
  }

  /// Agents come and go, and their layers with them.
  private mutating func forgetIfAtRest(_ kind: WorkerKind) {
    guard kind.layer != 0, let state = kinds[kind], state.busy + state.waiting + state.wanted + state.idle.count == 0
    else { return }
    kinds[kind] = nil
    layers = layers.filter { $0.value != kind.layer }
  }

  func target(_ kind: WorkerKind) -> Int {
    guard kind.layer == 0 else { return 0 }
    return switch kind.language {
    case 1: configuration.pythonPool
    case 2: configuration.denoPool
    default: 0
    }
  }

  private mutating func place(_ program: SandboxProgram) -> Result<WorkerKind, SandboxUnavailable> {
    place(program.language, program.version).map { language in
      WorkerKind(language: language, layer: program.layer.map { number(ofLayer: $0.path) } ?? 0)
    }
  }

  private mutating func number(ofLayer path: String) -> UInt32 {
    if let known = layers[path] { return known }
    lastLayer += 1
    layers[path] = lastLayer
    return lastLayer
  }

  func place(_ language: SandboxLanguage, _ version: String?) -> Result<UInt32, SandboxUnavailable> {
    guard let facts else { return .failure(SandboxUnavailable("The sandbox is starting.")) }
    guard let kind = facts.kind(language, version: version) else {
      let versions = facts.newestFirst(language)
      let message =
        versions.isEmpty
        ? missing(language)
        : "There is no \(language.rawValue) \(version ?? "") here; there are: \(versions.joined(separator: ", "))."
      return .failure(SandboxUnavailable(message))
    }
    if let state = kinds[WorkerKind(language: kind)], !state.hasWorked, let fault = state.fault {
      return .failure(SandboxUnavailable(cannotStart(language, fault)))
    }
    return .success(kind)
  }

  private func missing(_ language: SandboxLanguage) -> String {
    let setting = language == .python ? "SANDBOX_PYTHON" : "SANDBOX_DENO"
    let interpreter = language == .python ? "Python" : "Deno"
    let fault = kinds[WorkerKind(language: language.kind)]?.fault.map { " (\($0))" } ?? ""
    return "Code in \(language.rawValue) cannot be run here: there is no \(interpreter)\(fault). "
      + "Install it, or name it with \(setting)."
  }

  private func cannotStart(_ language: SandboxLanguage, _ text: String) -> String {
    "Code in \(language.rawValue) cannot be run: its interpreter does not start: \(text)"
  }
}
