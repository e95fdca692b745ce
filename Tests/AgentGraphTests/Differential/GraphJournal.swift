import AgentJSON
import Synchronization

@testable import AgentGraph

/// What ran, in which superstep and place.
final class GraphJournal: Sendable {
  /// A task that began in this scenario step.
  private struct Started {
    var node: String
    /// The task that the node's graph is in.
    var parent: TaskID?
    var superstep: Int
    var path: TaskPath
    /// What its last attempt wrote; nil while it is not through.
    var wrote: JSONValue?
    var isDone = false
  }
  private struct State {
    /// Starts of each node, by its path, over the whole file.
    var totals: [String: Int] = [:]
    /// The same in this scenario step.
    var counts: [String: Int] = [:]
    var started: [TaskID: Started] = [:]
  }
  private let state = Mutex(State())

  /// The task whose node runs the graph that is run.
  @TaskLocal static var enclosing: TaskID?

  /// Begins a scenario step.
  func begin() {
    state.withLock { state in
      state.counts = [:]
      state.started = [:]
    }
  }

  /// Notes that an attempt of a node begins. Returns how often the node did so, this time included.
  func start(_ node: String, in path: String, _ context: NodeContext<PoolState>) -> Int {
    let enclosing = Self.enclosing
    return state.withLock { state in
      state.counts[path + node, default: 0] += 1
      state.totals[path + node, default: 0] += 1
      state.started[context.taskID] = Started(
        node: node, parent: enclosing, superstep: context.step, path: context.seat.path)
      return state.totals[path + node, default: 0]
    }
  }

  /// How often a node began so far.
  func starts(of node: String) -> Int { state.withLock { $0.totals[node, default: 0] } }

  /// Notes what an attempt wrote, if it comes to count.
  func write(_ wrote: JSONValue, by task: TaskID) { state.withLock { $0.started[task]?.wrote = wrote } }

  /// Notes that the engine called a task done.
  func finish(_ task: TaskID) { state.withLock { $0.started[task]?.isDone = true } }

  var counts: JSONValue { .object(JSONObject(state.withLock { $0.counts.map { ($0.key, .integer($0.value)) } })) }

  /// Writes of the tasks that are done, in the order of their places.
  var updates: JSONValue {
    let started = state.withLock { $0.started }
    var supersteps: [TaskID?: Set<Int>] = [:]
    for task in started.values { supersteps[task.parent, default: []].insert(task.superstep) }
    func place(_ id: TaskID?) -> [Place] {
      guard let id, let task = started[id] else { return [] }
      let rank = supersteps[task.parent, default: []].count { $0 <= task.superstep }
      return place(task.parent) + [Place(superstep: rank, path: task.path, node: task.node)]
    }
    let done = started.compactMap { id, task in
      task.isDone ? task.wrote.map { (place: place(id), wrote: $0) } : nil
    }
    let ordered = done.sorted { $0.place.lexicographicallyPrecedes($1.place) }
    return .array(
      ordered.map { item in
        let way = item.place.map { JSONValue.array([.integer($0.superstep), .string($0.node)]) }
        return ["at": .array(way), "wrote": item.wrote]
      })
  }

  /// A task's place in its graph, in the order of writes.
  private struct Place: Comparable {
    var superstep: Int
    var path: TaskPath
    var node: String

    static func < (left: Place, right: Place) -> Bool {
      if left.superstep != right.superstep { return left.superstep < right.superstep }
      switch (left.path, right.path) {
      case (.triggered, .triggered): return left.node.utf8.lexicographicallyPrecedes(right.node.utf8)
      case (.triggered, .sent): return true
      case (.sent, .triggered): return false
      case (.sent(let one), .sent(let other)): return one < other
      }
    }
  }
}
