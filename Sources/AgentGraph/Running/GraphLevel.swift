import AgentJSON
import Synchronization

/// What all graphs of a run share.
final class RunScope: Sendable {
  let options: RunOptions
  let runID: String
  let thread: String?
  let saver: RunSaver?
  let sink: EventSink?
  /// Answers that the run was resumed with.
  let answers: [InterruptID: JSONValue]
  /// For a run from a nested graph's checkpoint: where nested graphs begin, by their namespaces in the old branch.
  let seeds: [GraphNamespace: StoredCheckpoint]

  init(
    options: RunOptions, thread: String?, saver: RunSaver?, sink: EventSink?, answers: [InterruptID: JSONValue] = [:],
    seeds: [GraphNamespace: StoredCheckpoint] = [:]
  ) {
    self.options = options
    runID = options.runID ?? "run-" + options.ids.nextCheckpoint().description
    self.thread = thread
    self.saver = saver
    self.sink = sink
    self.answers = answers
    self.seeds = seeds
  }

  var isDraining: Bool { options.drain?.isRequested ?? false }
}

/// One graph's part in a run: the outermost, or one that a node holds.
final class GraphLevel: Sendable {
  let scope: RunScope
  let namespace: GraphNamespace
  /// Whether this graph's checkpoints are saved.
  let isSaved: Bool
  /// The checkpoints of the enclosing graphs, by namespace.
  let parents: [String: CheckpointID]
  let journal: EffectJournal
  /// Set where the graph goes on from a checkpoint of another branch.
  let origin: ForkOrigin?
  /// The attempt that holds this graph, where it may be given up: what the graph does then is discarded (G16).
  let life: SignOfLife?
  /// Whether somebody listens to this graph's events.
  private let isHeard: Bool
  /// Where calls of this superstep left nested graphs with a state of their own, by node.
  private let reached = Mutex<[String: CheckpointReference]>([:])

  init(
    scope: RunScope, namespace: GraphNamespace, isSaved: Bool, parents: [String: CheckpointID],
    journal: EffectJournal = EffectJournal(), origin: ForkOrigin? = nil, life: SignOfLife? = nil
  ) {
    self.scope = scope
    self.namespace = namespace
    self.isSaved = isSaved
    self.parents = parents
    self.journal = journal
    self.origin = origin
    self.life = life
    isHeard = namespace.isRoot || scope.sink?.includesSubgraphs ?? false
  }

  var saver: RunSaver? { isSaved && !isGivenUp ? scope.saver : nil }
  var sink: EventSink? { isHeard && !isGivenUp ? scope.sink : nil }
  private var isGivenUp: Bool { life?.isGivenUp ?? false }

  /// Notes where a call left a nested graph with a state of its own.
  func note(_ checkpoint: CheckpointReference, of node: String) { reached.withLock { $0[node] = checkpoint } }

  /// What was noted since the last time.
  func takeReached() -> [String: CheckpointReference] {
    reached.withLock { reached in
      defer { reached = [:] }
      return reached
    }
  }

  /// Refuses a checkpoint of this graph, and names it.
  func unreadable(_ checkpoint: CheckpointID?, _ problem: String) -> GraphError {
    let name = checkpoint.map { " \($0)" } ?? ""
    let place = namespace.isRoot ? "" : " in \(namespace)"
    return GraphError(
      .unreadableCheckpoint,
      "Checkpoint\(name) of thread \"\(scope.thread ?? "")\"\(place) cannot be used: \(problem).")
  }

  /// What was sent to a node.
  func input<Input>(
    _ sent: StoredValue, as type: Input.Type, of node: String, at checkpoint: CheckpointID?,
    decode: ([UInt8]) throws -> Input
  ) throws -> Input {
    do {
      if let value = try sent.value(type, decode: decode) { return value }
    } catch {
      throw unreadable(checkpoint, "What was sent to \"\(node)\" cannot be read as \(type): \(error)")
    }
    throw GraphError(.wrongInput, "Node \"\(node)\" takes \(type), and was sent another type.", node: node)
  }

  /// A nested graph that is not checkpointed has nothing that an answer could go on from.
  func requireInterrupts(_ node: String) throws {
    guard namespace.isRoot || isSaved || scope.saver == nil else {
      throw GraphError(
        .invalidUse, "Node \"\(node)\" interrupts within a graph whose checkpointing is none.", node: node)
    }
  }
}
