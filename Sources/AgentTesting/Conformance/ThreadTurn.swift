import AgentGraph
public import AgentRuntime
public import FoundationEssentials
import Synchronization

/// What a turn of a conversation adds to its thread: a request's messages and the reply.
public struct ThreadTurn: Sendable, Hashable {
  /// The thread; it is made if it does not exist.
  public var key: ThreadKey
  /// The turn's user; becomes the thread's where that has none.
  public var userID: String?
  /// Messages to append, in order.
  public var messages: [Message]
  /// Whether the messages replace what the thread holds instead.
  public var replacesHistory: Bool
  /// When the turn ended, UTC.
  public var time: Date

  /// Makes a turn.
  public init(key: ThreadKey, userID: String?, messages: [Message], replacesHistory: Bool, time: Date) {
    self.key = key
    self.userID = userID
    self.messages = messages
    self.replacesHistory = replacesHistory
    self.time = time
  }
}

extension RuntimeStore {
  /// Appends a turn as a conversation does, making the thread if need be. Throws `StoreError.notFound` if the agent is
  /// not stored.
  /// Appends to one thread wait for each other, as turns do.
  public func appendTurn(_ turn: ThreadTurn) async throws {
    try await TurnLine.shared.inTurn(turn.key) { try await append(turn) }
  }

  private func append(_ turn: ThreadTurn) async throws {
    let graph = try ConversationState.turnGraph().checkpointed(by: threads)
    let state = try await graph.snapshot(of: turn.key.name)?.state ?? ConversationState()
    let command = state.adding(
      turn.messages, userID: turn.userID, replacesHistory: turn.replacesHistory,
      milliseconds: Int((turn.time.timeIntervalSince1970 * 1000).rounded()))
    _ = try await graph.run(command, on: turn.key.name, options: RunOptions(durability: .exit))
  }
}

extension ConversationState {
  /// A graph under the conversation's name that only takes its input.
  fileprivate static func turnGraph() throws -> CompiledGraph<ConversationState> {
    var graph = Graph<ConversationState>(Conversation.graphName)
    graph.node("keep") { _ in .nothing }
    graph.start(at: "keep")
    return try graph.compile()
  }
}

/// Lets one append of a thread be made at a time.
private final class TurnLine: Sendable {
  static let shared = TurnLine()
  private let waiting = Mutex<[ThreadKey: [CheckedContinuation<Void, Never>]]>([:])

  func inTurn(_ key: ThreadKey, _ work: () async throws -> Void) async rethrows {
    await withCheckedContinuation { continuation in
      let isFirst = waiting.withLock { waiting in
        defer { waiting[key, default: []].append(continuation) }
        return waiting[key] == nil
      }
      if isFirst { continuation.resume() }
    }
    defer { leave(key) }
    try await work()
  }

  private func leave(_ key: ThreadKey) {
    let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
      waiting[key]?.removeFirst()
      if waiting[key]?.isEmpty == true { waiting[key] = nil }
      return waiting[key]?.first
    }
    next?.resume()
  }
}
