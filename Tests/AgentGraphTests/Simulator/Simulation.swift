import AgentGraph

/// One seed: a graph, run once in peace and once with faults, and what both come to.
struct Simulation {
  let seed: UInt64
  let graph: SimulatedGraph
  let durability: Durability
  /// That of the run in peace, which comes to the same (G22).
  let peaceDurability: Durability
  let form: StoredForm
  /// How many inputs the thread gets, each at the end of the one before.
  let turns: Int
  /// Whether each process compiles the graph, as real ones do.
  let compilesAnew: Bool
  /// Whether the runs' events are taken.
  let isWatched: Bool
  let isTraced: Bool

  struct Report {
    var violations: [String] = []
    var reached: [String: Int] = [:]
    var trace: [String] = []
  }
  /// What a thread came to.
  struct Ending {
    /// The stored states of the graph, and of nested ones that live across calls.
    var states: [GraphNamespace: SimulatedState]
    /// The code of an error that no resume gets past.
    var error: String?
    var steps: Int
    /// Whether the end is stored.
    var isKept = true
  }

  private static let processesMax = 300

  init(seed: UInt64, nodesMax: Int = 12, isTraced: Bool = false) {
    var dice = SimulatorDice(SimulatorDice.mix(seed, 1))
    self.seed = seed
    self.isTraced = isTraced
    graph = GraphDrawer.draw(seed: SimulatorDice.mix(seed, 2), GraphDrawer.Place(nodesMax: nodesMax))
    durability = dice.pick(Durability.allCases) ?? .sync
    form = dice.pick(StoredForm.allCases + [.live]) ?? .live
    compilesAnew = dice.once(in: 8)
    isWatched = dice.once(in: 8)
    peaceDurability = dice.pick(Durability.allCases) ?? .sync
    turns = dice.once(in: 5) ? 2 : 1
  }

  var description: String { "\(durability), \(form), turns: \(turns)\n\(graph)" }

  func run() -> Report {
    var report = Report()
    let peace = SimulatedWorld(SimulatedStore(form: .live), peaceDurability, isTraced: isTraced)
    let faults = SimulatedWorld(SimulatedStore(form: form), durability, isTraced: isTraced)
    do {
      var dice = SimulatorDice(SimulatorDice.mix(seed, 3))
      let expected = try live(in: peace, faults: [], &dice)
      let plan = drawFaults(steps: expected.steps, &dice)
      let actual = try live(in: faults, faults: plan, &dice)
      report.violations += differences(expected, actual)
      if !cutsQuestions, peace.asked != faults.asked { report.violations.append("other questions were asked") }
      if durability != .exit, peaceDurability != .exit {
        report.violations += chainDifferences(peace.store, faults.store)
      }
      report.violations += chainFaults(peace) + chainFaults(faults)
      if let error = expected.error { report.reached["ends with \(error)", default: 0] += 1 }
      if expected.error == nil {
        report.violations += try forkDifferences(expected, faults, &dice)
        report.violations += try unsavedDifferences(expected, &dice, &report)
      }
    } catch {
      report.violations.append("\(error)")
    }
    for world in [peace, faults] {
      report.violations += world.violations
      report.reached.merge(world.reached, uniquingKeysWith: +)
    }
    report.reached["\(durability), \(form)", default: 0] += 1
    if turns > 1 { report.reached["second turn"] = 1 }
    report.trace = ["in peace:"] + peace.trace + ["with faults:"] + faults.trace
    return report
  }

  /// Whether a node may end a graph before its siblings have asked: then chance says what is asked.
  private var cutsQuestions: Bool { graph.all.contains { $0.endsGraph || ($0.isHandled && $0.child != nil) } }

  private func drawFaults(steps: Int, _ dice: inout SimulatorDice) -> [(kind: SimulatedFault, after: Int)] {
    (0...dice.roll(4)).map { _ in
      let kind: SimulatedFault = dice.once(in: 3) ? dice.pick(SimulatedFault.allCases) ?? .crash : .crash
      return (kind, 1 + dice.roll(max(4, steps / (1 + dice.roll(3)))))
    }
  }

  /// Runs processes one after the other until the thread is at its end.
  private func live(
    in world: SimulatedWorld, faults: [(kind: SimulatedFault, after: Int)], _ dice: inout SimulatorDice
  ) throws -> Ending {
    var process = SimulatedProcess(graph: try graph.compile(world), world: world, durability: world.durability)
    (process.diskPace, process.concurrencyMax) = (1 + dice.roll(9), dice.once(in: 4) ? 1 + dice.roll(2) : 128)
    (process.keepsFailures, process.isWatched) = (world.durability != .exit || !dice.once(in: 8), isWatched)
    var (left, ending) = (faults[...], Ending(states: [:], steps: 0))
    for turn in 1...turns where ending.error == nil {
      process.turn = turn
      let steps = ending.steps
      ending = try run(&process, &left, &dice)
      ending.steps += steps
    }
    return ending
  }

  /// Runs processes until nothing is due, or an error is there that no resume gets past.
  func run(
    _ process: inout SimulatedProcess, _ faults: inout ArraySlice<(kind: SimulatedFault, after: Int)>,
    _ dice: inout SimulatorDice
  ) throws -> Ending {
    let world = process.world
    var (open, steps): ([Interrupt], Int) = ([], 0)
    for _ in 0..<Self.processesMax {
      process.fault = faults.popFirst()
      if compilesAnew { process.graph = try graph.compile(world) }
      let report = try process.run(answering: open, &dice)
      process.origin = nil
      steps += report.steps
      open = report.interrupts
      switch report.end {
      case .result(true):
        guard process.thread != nil else { return Ending(states: [.root: report.state ?? .init()], steps: steps) }
        if world.store.latest[.root] != report.state { world.violate("the result is not what is stored") }
        if world.store.lines[.root]?.last?.due.isEmpty == false { world.violate("the end is not stored as one") }
        return Ending(states: world.store.latest, steps: steps)
      case .result(false): continue
      case .failed(let error):
        if isExpected(error, report.struck ? process.fault?.kind : nil) { continue }
        return Ending(
          states: world.store.latest, error: (error as? GraphError)?.code.rawValue ?? "\(error)", steps: steps,
          isKept: process.keepsFailures && !report.struck)
      }
    }
    world.violate("the thread is not at its end after \(Self.processesMax) processes")
    throw SimulatedFailure(node: "thread")
  }

  /// Whether a run may end with an error and be gone on with.
  private func isExpected(_ error: any Error, _ fault: SimulatedFault?) -> Bool {
    if error is SimulatedFailure { return true }
    switch fault {
    case .crash: return true
    case .cancel: return error is CancellationError
    case .refuse: return error is SimulatedRefusal
    case .drain, nil: return false
    }
  }
}
