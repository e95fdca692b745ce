import AgentGraph
import AgentJSON
import Foundation
import Synchronization

/// How the events of a run are read.
enum Reading: String, CaseIterable {
  /// Handed to a closure, which the run waits for.
  case closure
  /// As an `AsyncSequence`, by another task than the run's.
  case sequence
  /// Not at all.
  case none
}

/// Repeated runs of a task.
struct TaskMeasurement<Work: BenchTask> {
  /// Of runs that count, so that SQLite's do not take minutes.
  static var secondsMax: Double { 5 }

  let task: Work
  let store: BenchStore
  let durability: Durability
  let reading: Reading
  let runs: Int
  let folder: URL

  struct Run {
    var milliseconds: Double
    var events: Int
    var bytes: Int
    var check: String
  }

  /// The figures, by the keys of the README. Throws `BenchFailure` if a run did not do what it must.
  func figures() async throws -> JSONObject {
    let begin = ContinuousClock.now
    var found: [Run] = []
    _ = try await once()
    while found.isEmpty || found.count < runs && (ContinuousClock.now - begin) / .seconds(1) < Self.secondsMax {
      found.append(try await once())
    }
    let run = found[0]
    guard Set(found.map(\.check)).count == 1, reading == .none || run.events == task.events else {
      throw BenchFailure("\(run.events) events, \(task.events) expected; checks \(Set(found.map(\.check)))")
    }
    let milliseconds = median(found.map(\.milliseconds))
    return [
      "ms": rounded(milliseconds), "ms_min": rounded(found.map(\.milliseconds).min() ?? 0),
      "runs": .integer(found.count), "supersteps": .integer(task.supersteps),
      "ms_per_superstep": rounded(milliseconds / Double(task.supersteps)),
      "events": .integer(run.events), "events_per_s": rounded(Double(run.events) / milliseconds * 1000),
      "bytes": .integer(run.bytes), "check": .string(run.check),
    ]
  }

  /// One run on a new checkpointer.
  private func once() async throws -> Run {
    var run = try await store.with(folder: folder) { checkpointer in
      let graph = try task.compile(checkpointer)
      let options = RunOptions(durability: durability)
      let start = ContinuousClock.now
      let (state, events) = try await read(graph, options)
      let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
      let final = try await finalState(graph, state)
      return Run(milliseconds: milliseconds, events: events, bytes: 0, check: Inputs.check(task.lines(final)))
    }
    if store == .sqlite { run.bytes = try BenchStore.takeBytes(of: folder) }
    return run
  }

  private func read(
    _ graph: CompiledGraph<Work.State>, _ options: RunOptions
  ) async throws -> (state: Work.State?, events: Int) {
    switch reading {
    case .none: return (try await graph.run(task.given, on: "1", options: options).state, 0)
    case .closure:
      let counter = EventCounter()
      let result = try await graph.run(task.given, on: "1", options: options, modes: .updates) { _ in counter.count() }
      return (result.state, counter.counted)
    case .sequence:
      var events = 0
      for try await _ in graph.stream(task.given, on: "1", options: options) { events += 1 }
      return (nil, events)
    }
  }

  /// What was stored or, without a checkpointer, what the run gave or another one gives.
  private func finalState(_ graph: CompiledGraph<Work.State>, _ state: Work.State?) async throws -> Work.State {
    if graph.checkpointer != nil {
      guard let stored = try await graph.snapshot(of: "1") else { throw BenchFailure("nothing was stored") }
      return stored.state
    }
    if let state { return state }
    return try await task.compile(nil).run(task.given).state
  }
}

private final class EventCounter: Sendable {
  private let number = Atomic(0)

  func count() { number.add(1, ordering: .relaxed) }
  var counted: Int { number.load(ordering: .relaxed) }
}
