import AgentJSON
import Synchronization

/// A store that remembers the ends of threads, so that a conversation's next turn reads nothing.
///
/// It may stand before a store that only this process writes. What it remembers is what was stored: an append that
/// fails changes nothing, and whatever else touches a thread while it is read or written makes it forgotten.
public final class ThreadCache: RuntimeStore {
  private struct State {
    var threads: [ThreadKey: AgentThread] = [:]
    var bytes = 0
    // Counts what begins or ends a change of a thread; threads share counters, and at worst are forgotten too often.
    var changes = [UInt64](repeating: 0, count: ThreadCache.stripes)
  }

  private static let stripes = 1024
  /// Messages that are remembered of one thread.
  private static let messagesMax = 128

  private let base: any RuntimeStore
  private let bytesMax: Int
  private let state = Mutex(State())

  /// Remembers about `bytesMax` bytes of text.
  public init(_ base: any RuntimeStore, bytesMax: Int = 16 << 20) {
    self.base = base
    self.bytesMax = bytesMax
  }

  /// From memory where enough is remembered, else from the store.
  public func thread(_ key: ThreadKey, last: Int?) async throws -> AgentThread? {
    let (known, changes) = state.withLock { ($0.threads[key], $0.changes[Self.stripe(key)]) }
    if let known, let thread = known.suffix(last) { return thread }
    let thread = try await base.thread(key, last: last)
    if let thread { state.withLock { keep(thread, readAt: changes, &$0) } }
    return thread
  }

  /// Appends a turn to the stored thread, and to what is remembered of it.
  public func appendTurn(_ turn: ThreadTurn) async throws {
    let stripe = Self.stripe(turn.key)
    let (known, changes) = state.withLock { state in
      state.changes[stripe] += 1
      return (forget(turn.key, &state), state.changes[stripe])
    }
    do {
      try await base.appendTurn(turn)
    } catch {
      change(turn.key)
      throw error
    }
    let thread = known?.appending(turn, keeping: Self.messagesMax)
    state.withLock { state in
      let isAlone = state.changes[stripe] == changes
      // Whoever read while this was written has read what was before.
      state.changes[stripe] += 1
      _ = forget(turn.key, &state)
      if isAlone, let thread { keep(thread, readAt: state.changes[stripe], &state) }
    }
  }

  /// Removes a thread.
  public func deleteThread(_ key: ThreadKey) async throws -> Bool {
    change(key)
    defer { change(key) }
    return try await base.deleteThread(key)
  }

  /// Removes an agent with its history and its threads.
  public func deleteAgent(_ id: String) async throws -> Bool {
    changeAll()
    defer { changeAll() }
    return try await base.deleteAgent(id)
  }

  private func change(_ key: ThreadKey) {
    state.withLock { state in
      state.changes[Self.stripe(key)] += 1
      _ = forget(key, &state)
    }
  }

  private func changeAll() {
    state.withLock { state in
      for stripe in state.changes.indices { state.changes[stripe] += 1 }
      state.threads.removeAll()
      state.bytes = 0
    }
  }

  private static func stripe(_ key: ThreadKey) -> Int { Int(UInt(bitPattern: key.hashValue) % UInt(stripes)) }

  private func forget(_ key: ThreadKey, _ state: inout State) -> AgentThread? {
    guard let thread = state.threads.removeValue(forKey: key) else { return nil }
    state.bytes -= thread.textBytes ?? 0
    return thread
  }

  private func keep(_ thread: AgentThread, readAt changes: UInt64, _ state: inout State) {
    guard state.changes[Self.stripe(thread.key)] == changes, let bytes = thread.textBytes, bytes <= bytesMax / 8 else {
      return
    }
    _ = forget(thread.key, &state)
    if state.bytes + bytes > bytesMax {
      state.threads.removeAll(keepingCapacity: true)
      state.bytes = 0
    }
    state.threads[thread.key] = thread
    state.bytes += bytes
  }
}

extension ThreadCache {
  /// As the store does.
  public func insertAgent(_ agent: AgentDefinition, changes: [String]) async throws {
    try await base.insertAgent(agent, changes: changes)
  }

  /// As the store does.
  public func agent(_ id: String) async throws -> AgentDefinition? { try await base.agent(id) }

  /// As the store does.
  public func publishedRelease(line: String) async throws -> AgentDefinition? {
    try await base.publishedRelease(line: line)
  }

  /// As the store does.
  public func agents(_ query: AgentQuery) async throws -> AgentPage { try await base.agents(query) }

  /// As the store does.
  public func replaceAgent(_ agent: AgentDefinition, expecting revision: Int, changes: [String]) async throws {
    try await base.replaceAgent(agent, expecting: revision, changes: changes)
  }

  /// As the store does.
  public func revisions(of agentID: String) async throws -> [AgentRevision] { try await base.revisions(of: agentID) }

  /// As the store does.
  public func activeAgentCount() async throws -> Int { try await base.activeAgentCount() }

  /// As the store does.
  public func probe() async throws -> StoreHealth { try await base.probe() }

  /// Closes the store, and forgets everything.
  public func close() async {
    await base.close()
    changeAll()
  }
}

extension AgentThread {
  /// The thread with its last messages; nil where it does not hold so many.
  fileprivate func suffix(_ last: Int?) -> AgentThread? {
    let wanted = min(last ?? messageCount, messageCount)
    guard messages.count >= wanted else { return nil }
    guard messages.count > wanted else { return self }
    var thread = self
    thread.messages = Array(messages.suffix(wanted))
    return thread
  }

  fileprivate func appending(_ turn: ThreadTurn, keeping max: Int) -> AgentThread {
    var thread = self
    thread.messageCount = turn.messages.count + (turn.replacesHistory ? 0 : messageCount)
    thread.messages = Array(((turn.replacesHistory ? [] : messages) + turn.messages).suffix(max))
    thread.userID = userID ?? turn.userID
    thread.updatedAt = turn.time
    return thread
  }

  /// About how much memory the messages take; nil where one is not plain text, which may hold anything.
  fileprivate var textBytes: Int? {
    var bytes = 512
    for message in messages {
      guard message.json.count <= 3, let text = message.json["content"]?.stringValue else { return nil }
      bytes += text.utf8.count + 512
    }
    return bytes
  }
}
