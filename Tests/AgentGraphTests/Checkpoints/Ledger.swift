import AgentGraph
import AgentJSON
import AgentTesting
import Synchronization
import Testing

/// The state of the tests of checkpoints, threads, subgraphs and streams.
struct Ledger: GraphState, Equatable {
  var entries = SharedList<String>()
  var title = ""
  var total = 0
  var notes = MessageList<LedgerNote>()
  var fresh = SharedList<String>()
  var hint: String?
  var scratch = ""

  struct Channels: Sendable {
    let entries = StateChannel.appended("entries", \Ledger.entries)
    let title = StateChannel.last("title", \Ledger.title)
    let total = StateChannel.reduced("total", \Ledger.total) { $0 += ($1 as Int) }
    let notes = StateChannel.messages("notes", \Ledger.notes)
    let fresh = StateChannel.topic("fresh", \Ledger.fresh)
    let hint = StateChannel.ephemeral("hint", \Ledger.hint)
    let scratch = StateChannel.untracked("scratch", \Ledger.scratch)
  }
  static let channels = Channels()

  /// The entries, as an array.
  var lines: [String] { Array(entries) }
}

struct LedgerNote: IdentifiedMessage, Codable, Equatable {
  var id = ""
  var text = ""
}

/// A nested graph's state.
struct Page: GraphState, Equatable {
  var words = SharedList<String>()
  var topic = ""
  var count = 0

  struct Channels: Sendable {
    let words = StateChannel.appended("words", \Page.words)
    let topic = StateChannel.last("topic", \Page.topic)
    let count = StateChannel.reduced("count", \Page.count) { $0 += ($1 as Int) }
  }
  static let channels = Channels()
}

extension Command<Ledger> {
  /// One entry.
  static func entry(_ text: String) -> Command { .write(\.entries, [text]) }
}

/// A checkpointer that keeps values by reference, or one that gives back bytes: the results must be the same.
enum Keeping: String, CaseIterable, Sendable {
  case byReference
  case encoded

  func make() -> any Checkpointer {
    switch self {
    case .byReference: InMemoryCheckpointer()
    case .encoded: AgentTesting.EncodingCheckpointer()
    }
  }
}

/// What happened, in order, from any task.
final class Visits: Sendable {
  private let all = Mutex<[String]>([])
  var list: [String] { all.withLock { $0 } }
  func add(_ text: String) { all.withLock { $0.append(text) } }
  func count(_ text: String) -> Int { all.withLock { list in list.count { $0 == text } } }
  /// Adds, and says how many of them there were before.
  func number(_ text: String) -> Int {
    all.withLock { list in
      defer { list.append(text) }
      return list.count { $0 == text }
    }
  }
}

/// A door that stays open once it was opened.
final class Latch: Sendable {
  private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

  func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  var isOpen: Bool { state.withLock { $0.isOpen } }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiters.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}

/// Waits until it is cancelled.
func untilCancelled() async throws {
  while true { try await Task.sleep(for: .seconds(3600)) }
}

struct Mishap: Error, Equatable {
  var text = "mishap"
}

/// A chain of nodes that enter their names and count one each.
func chain(_ names: String..., as name: String = "chain") -> Graph<Ledger> {
  var graph = Graph<Ledger>(name)
  for name in names { graph.node(name) { _ in .entry(name).write(\.total, 1) } }
  graph.start(at: names[0])
  for (one, next) in zip(names, names.dropFirst()) { graph.edge(one, to: next) }
  return graph
}

extension RunOptions {
  /// The defaults, from a checkpoint.
  static func from(_ reference: CheckpointReference) -> RunOptions {
    var options = RunOptions()
    options.from = reference
    return options
  }

  static func from(_ id: CheckpointID) -> RunOptions { .from(CheckpointReference(id)) }
}

/// The code of what a body throws, if it is a `GraphError`.
func graphError(_ body: () async throws -> Void) async -> GraphError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? GraphError
  }
}
