public import AgentGraph
public import FoundationEssentials

/// Where agents, threads and runs are kept. What a call has returned from is durable, and every call is one transaction:
/// all of it happens or nothing.
///
/// Every implementation passes `RuntimeStoreConformance` of AgentTesting. Calls throw `StoreError`; a write, once
/// begun, is not undone by the cancellation of the task that asked for it.
public protocol RuntimeStore: Sendable {
  /// Stores a new agent and its first revision. Throws `StoreError.exists` if the id is taken.
  func insertAgent(_ agent: AgentDefinition, changes: [String]) async throws
  /// The agent with this id.
  func agent(_ id: String) async throws -> AgentDefinition?
  /// The published release of a line with the highest version number (the last created of equals).
  func publishedRelease(line: String) async throws -> AgentDefinition?
  /// A page of agents in the order of their creation, and how many match in all.
  func agents(_ query: AgentQuery) async throws -> AgentPage
  /// Replaces an agent if its stored revision is `expecting`, and adds `agent.revision` to its history.
  /// Throws `StoreError.notFound` and `StoreError.conflict(current:)`.
  func replaceAgent(_ agent: AgentDefinition, expecting revision: Int, changes: [String]) async throws
  /// The history of an agent, oldest first; empty for an unknown one.
  func revisions(of agentID: String) async throws -> [AgentRevision]
  /// Removes an agent with its history, its threads and its runs. Returns whether there was one.
  func deleteAgent(_ id: String) async throws -> Bool
  /// How many agents are stored and not revoked.
  func activeAgentCount() async throws -> Int

  /// Where the threads of agents are kept, by `ThreadKey.name`. A save to a thread of an agent that is not stored (it
  /// was deleted while it ran) fails with `StoreError.notFound`, and stores nothing.
  var threads: any Checkpointer { get }

  /// Removes threads of agents whose last checkpoint, of any namespace, was made before that time. Those stay that go
  /// with a stored run (`StoredRun.threadName`), and those of sessions that a run goes on with which has not ended. Looks
  /// at the threads behind `place` (nil: at the first ones), at most `limit` of `PrunedThreads.lookedAt`, and removes
  /// them in small transactions, a thread all at once for readers: who wants more gone calls again with the place that
  /// is returned. A turn that is under way meanwhile stores its thread whole.
  func pruneThreads(unusedSince time: Date, after place: Int64?, limit: Int) async throws -> PrunedThreads

  /// Where the runs of agents are kept; it ends with the store.
  var runs: any RunStore { get }

  /// Tries a read and a write; for health.
  func probe() async throws -> StoreHealth
  /// Ends every use of the store; calls made afterwards throw `StoreError.unavailable`.
  func close() async
}

/// What a store can do now.
public struct StoreHealth: Sendable, Hashable {
  /// Whether reads work.
  public var reads: Bool
  /// Whether writes work.
  public var writes: Bool
  /// Why not, for people; nil where all is well.
  public var problem: String?

  /// Makes a state.
  public init(reads: Bool, writes: Bool, problem: String?) {
    self.reads = reads
    self.writes = writes
    self.problem = problem
  }
}

/// Which agents to list.
public struct AgentQuery: Sendable, Hashable {
  /// Only agents of this template.
  public var templateID: String?
  /// Only agents of this type.
  public var type: String?
  /// Only agents in this status.
  public var status: AgentStatus?
  /// Only agents of this owner.
  public var ownerID: String?
  /// Only versions of this line.
  public var agentLineID: String?
  /// At most so many, 1..1000.
  public var limit: Int
  /// Skips so many.
  public var offset: Int

  /// Makes a query for all agents.
  public init(limit: Int = 100, offset: Int = 0) {
    self.limit = limit
    self.offset = offset
  }

  /// Whether an agent matches, apart from limit and offset; texts are compared by their bytes, as databases do.
  public func matches(_ agent: AgentDefinition) -> Bool {
    func same(_ wanted: String?, _ text: String?) -> Bool {
      wanted.map { text?.utf8.elementsEqual($0.utf8) ?? false } ?? true
    }
    return same(templateID, agent.templateID) && same(type, agent.type)
      && (status == nil || agent.status == status) && same(ownerID, agent.ownerID)
      && same(agentLineID, agent.agentLineID)
  }
}

/// A page of agents.
public struct AgentPage: Sendable, Hashable {
  /// The agents of the page.
  public var agents: [AgentDefinition]
  /// How many match in all.
  public var total: Int

  /// Makes a page.
  public init(agents: [AgentDefinition], total: Int) {
    self.agents = agents
    self.total = total
  }
}
