import AgentGraph
import Synchronization

/// One process: a run on what earlier ones stored, until it ends, or is ended.
struct SimulatedProcess {
  var graph: CompiledGraph<SimulatedState>
  let world: SimulatedWorld
  let durability: Durability
  /// The thread; nil runs without.
  var thread: String? = "thread"
  /// How many inputs the thread has to get in all.
  var turn = 1
  /// Where a new branch begins.
  var origin: CheckpointReference?
  /// What happens to it, and after how many steps.
  var fault: (kind: SimulatedFault, after: Int)?
  /// Of ten choices between a job and a step of the disk, those for the disk.
  var diskPace = 5
  var keepsFailures = true
  var concurrencyMax = 128
  /// Whether its events are taken.
  var isWatched = false

  private static let stepsMax = 50_000

  struct Report {
    var end: SimulatedEnd
    var state: SimulatedState?
    var interrupts: [Interrupt] = []
    var steps = 0
    /// Whether the fault happened.
    var struck = false
  }

  /// Runs it to its end. `open` are the questions that are known to be open.
  func run(answering open: [Interrupt], _ dice: inout SimulatorDice) throws -> Report {
    let (executor, disk, drain) = (SimulatedExecutor(), SimulatedDisk(world.store), DrainSignal())
    world.begin(disk)
    world.reach("processes")
    if !keepsFailures && durability == .exit { world.cut() }
    let outcome = Outcome()
    let command = command(answering: open, &dice)
    // A bridge: the process' only task, on its own executor.
    let task = Task(executorPreference: executor) { await run(command, on: disk, drain, outcome) }
    var report = Report(end: .result(finished: false))
    while outcome.isOpen {
      report.steps += 1
      if let fault, fault.after == report.steps {
        try strike(fault.kind, task, disk, drain, &dice)
        report.struck = true
      }
      guard try step(executor, disk, &dice), report.steps < Self.stepsMax else {
        world.violate("the process hangs after \(report.steps) steps")
        throw SimulatedFailure(node: "process")
      }
    }
    while executor.runOne(&dice) {}
    if !disk.isIdle { world.violate("the run ended before its saves did") }
    if disk.late > 0 { world.violate("\(disk.late) saves were handed in after one had failed") }
    finish(&report, outcome.result)
    return report
  }

  private func run(
    _ command: Command<SimulatedState>?, on disk: SimulatedDisk, _ drain: DrainSignal, _ outcome: Outcome
  ) async {
    var options = RunOptions(durability: durability)
    (options.clock, options.drain, options.superstepsMax) = (SimulatedClock(), drain, 200)
    (options.keepsFailures, options.concurrencyMax) = (keepsFailures, concurrencyMax)
    options.from = origin
    options.ids = GraphIDs(now: { [store = world.store] in store.time }, origin: 1)
    let graph = graph.checkpointed(by: disk)
    do {
      if isWatched {
        let modes: StreamModes = [.values, .updates, .tasks, .checkpoints]
        outcome.result = .success(
          try await graph.run(command, on: thread, options: options, modes: modes, subgraphs: true) { _ in
            await Task.yield()
          })
      } else {
        outcome.result = .success(try await graph.run(command, on: thread, options: options))
      }
    } catch {
      outcome.result = .failure(error)
    }
  }

  /// What the run ends with.
  private final class Outcome: Sendable {
    private let state = Mutex<Result<GraphResult<SimulatedState>, any Error>?>(nil)
    var isOpen: Bool { state.withLock { $0 == nil } }
    var result: Result<GraphResult<SimulatedState>, any Error>? {
      get { state.withLock { $0 } }
      set { state.withLock { $0 = newValue } }
    }
  }

  /// The turn's number goes with it, which tells whether it was stored.
  private var input: Command<SimulatedState> {
    .overwrite(\.visits, ["turn": turn]).write(\.mixed, UInt64(turn)).write(\.trail, [turn]).write(\.flash, turn)
  }

  /// What the run begins with: the input, answers to some of the questions, or nothing.
  private func command(answering open: [Interrupt], _ dice: inout SimulatorDice) -> Command<SimulatedState>? {
    if origin != nil { return nil }
    guard thread != nil, world.store.latest[.root]?.visits["turn"] == turn else { return input }
    let questions = open.filter { $0.kind == .question }
    guard !questions.isEmpty, questions.count == open.count || dice.once(in: 2) else { return nil }
    if open.count == 1, dice.once(in: 2) { return .resume(SimulatedWorld.answer(to: questions[0].value)) }
    var command = Command<SimulatedState>.nothing
    for index in dice.pick(1 + dice.roll(questions.count), of: questions.count) {
      let question = questions[index]
      world.tell("answers \(question.id)")
      command = command.resume(SimulatedWorld.answer(to: question.value), to: question.id)
    }
    return command
  }

  private func step(_ executor: SimulatedExecutor, _ disk: SimulatedDisk, _ dice: inout SimulatorDice) throws -> Bool {
    if dice.roll(10) < diskPace, try disk.step(&dice) { return true }
    return try executor.runOne(&dice) || disk.step(&dice)
  }

  private func strike(
    _ kind: SimulatedFault, _ task: Task<Void, Never>, _ disk: SimulatedDisk, _ drain: DrainSignal,
    _ dice: inout SimulatorDice
  ) throws {
    world.tell("fault: \(kind)")
    world.reach("fault \(kind)")
    switch kind {
    case .crash:
      world.cut()
      try disk.die(&dice)
      task.cancel()
    case .cancel: task.cancel()
    case .drain: drain.request()
    case .refuse:
      world.cut()
      disk.refuse()
    }
  }

  private func finish(_ report: inout Report, _ outcome: Result<GraphResult<SimulatedState>, any Error>?) {
    switch outcome {
    case .success(let result):
      report.end = .result(finished: result.outcome == .finished)
      report.state = result.state
      report.interrupts = result.interrupts
      world.tell("ends: \(result.outcome)")
      world.ask(result.interrupts)
      if result.outcome == .drained { world.reach("drained") }
    case .failure(let error):
      world.tell("throws \(error)")
      report.end = .failed(error)
    case nil: break
    }
  }
}
