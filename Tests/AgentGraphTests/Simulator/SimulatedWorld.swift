import AgentGraph
import AgentJSON
import Synchronization

/// What is outside of the processes, and what watches them: effects that are done, attempts that are counted, and the
/// rules that nodes and effects must keep to.
final class SimulatedWorld: Sendable {
  private struct State {
    var process = 0
    var isRewound = false
    var disk: SimulatedDisk?
    /// Processes whose end excuses that an effect is done again.
    var cut: Set<Int> = []
    var attempts: [String: Int] = [:]
    var executions: [String: [Int]] = [:]
    var violations: [String] = []
    var asked: Set<String> = []
    /// Questions of which a node used the answer.
    var used: Set<String> = []
    var reached: [String: Int] = [:]
    var trace: [String] = []
  }

  let store: SimulatedStore
  /// When the runs in it save.
  let durability: Durability
  private let isTraced: Bool
  private let state = Mutex(State())

  init(_ store: SimulatedStore, _ durability: Durability, isTraced: Bool) {
    self.store = store
    self.durability = durability
    self.isTraced = isTraced
  }

  /// From now on nodes may run again that have: what is stored is gone back behind.
  func rewind() { state.withLock { $0.isRewound = true } }

  func begin(_ disk: SimulatedDisk) {
    state.withLock { state in
      state.process += 1
      state.disk = disk
    }
  }

  /// What this process did and did not record may be done again.
  func cut() { state.withLock { _ = $0.cut.insert($0.process) } }

  var violations: [String] { state.withLock { $0.violations } }
  var asked: Set<String> { state.withLock { $0.asked } }
  var reached: [String: Int] { state.withLock { $0.reached } }
  var trace: [String] { state.withLock { $0.trace } }

  func violate(_ rule: String) {
    state.withLock { $0.violations.append(rule) }
    tell("VIOLATION \(rule)")
  }

  func reach(_ feature: String) { state.withLock { $0.reached[feature, default: 0] += 1 } }

  func tell(_ event: @autoclosure () -> String) {
    guard isTraced else { return }
    let event = event()
    state.withLock { $0.trace.append("process \($0.process): \(event)") }
  }

  func requireLife() throws {
    if state.withLock({ $0.disk?.isDead ?? false }) { throw SimulatedDeath() }
  }

  /// A node begins. It must not have been done before, as far as the store knows.
  func enter(_ node: SimulatedNode, _ context: NodeContext<SimulatedState>) throws {
    try requireLife()
    reach("tasks")
    tell("\(node.path) begins in superstep \(context.step), attempt \(context.attempt), task \(context.taskID)")
    guard node.isSaved, !state.withLock({ $0.isRewound }) else { return }
    if store.isDone(context.taskID) { violate("\(node.path) ran again, though the store has its result") }
    if let step = store.latestStep(of: context.namespace), step >= context.step {
      violate("\(node.path) ran in superstep \(context.step), though the store has superstep \(step)")
    }
  }

  /// Does an effect. It must not have been done before, unless its record was cut off.
  func effect(_ key: String, of node: SimulatedNode, _ argument: UInt64) async throws -> UInt64 {
    await Task.yield()
    try requireLife()
    let (earlier, process, cut) = state.withLock { state in
      let earlier = state.executions[key] ?? []
      state.executions[key, default: []].append(state.process)
      return (earlier, state.process, state.cut)
    }
    tell("effect \(key) of \(node.path)")
    reach(earlier.isEmpty ? "effect" : "effect repeated")
    if node.isSaved {
      if store.hasEffect(key) { violate("effect \(key) of \(node.path) was done again after it was recorded") }
      if earlier.contains(where: { $0 == process || !cut.contains($0) }) {
        violate("effect \(key) of \(node.path) was done again, and nothing had cut it off")
      }
    }
    await Task.yield()
    try requireLife()
    return SimulatorDice.mix(argument, 7)
  }

  /// Counts an attempt that anybody makes at a step; throws for the first ones.
  func attempt(_ step: String, of node: SimulatedNode, failing times: Int) throws {
    let count = state.withLock { state in
      state.attempts[step, default: 0] += 1
      return state.attempts[step, default: 0]
    }
    guard count <= times else { return }
    reach("failure")
    tell("\(node.path) fails")
    throw SimulatedFailure(node: node.name)
  }

  /// A node goes on with an answer: where that is stored first, nobody may be asked again.
  func use(_ question: String) {
    if durability == .sync { state.withLock { _ = $0.used.insert(question) } }
  }

  /// Notes what a run asks.
  func ask(_ interrupts: [Interrupt]) {
    for interrupt in interrupts where interrupt.kind == .question {
      tell("asks \(interrupt.id): \(interrupt.value)")
      reach("question")
      state.withLock { _ = $0.asked.insert("\(interrupt.value)") }
      let isUsed = state.withLock { $0.used.contains(interrupt.id.rawValue) }
      let mayRepeat = state.withLock { $0.isRewound }
      if !mayRepeat, isUsed || store.isAnswered(interrupt.id) {
        violate("\(interrupt.node) asked again what was answered")
      }
    }
    if interrupts.count > 1 { reach("several interrupts") }
  }

  /// What anybody answers: the same for the same question.
  static func answer(to question: JSONValue) -> JSONValue {
    .integer(Int(SimulatorDice.hash(question.encodedText) >> 20))
  }
}
