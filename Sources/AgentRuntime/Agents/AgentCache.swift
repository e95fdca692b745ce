import Synchronization

/// An agent that is ready to run: its definition, and its template's program with the settings filled in.
public struct LoadedAgent: Sendable {
  /// The agent.
  public let definition: AgentDefinition
  let program: AgentProgram

  /// The agent's id.
  public var id: String { definition.id }
}

/// Agents that were run lately, under the names they were called by. Only this process writes its store, so that what
/// is written here is all that can make an entry stale.
final class AgentCache: Sendable {
  private struct State {
    var agents: [String: LoadedAgent] = [:]
    // Counts the changes, so that what was read before a change is not kept after it.
    var generation = 0
  }

  private static let agentsMax = 1000
  private let state = Mutex(State())

  var generation: Int { state.withLock { $0.generation } }

  func agent(_ name: String) -> LoadedAgent? { state.withLock { $0.agents[name] } }

  func keep(_ agent: LoadedAgent, as name: String, readAt generation: Int) {
    state.withLock { state in
      guard state.generation == generation else { return }
      if state.agents.count >= Self.agentsMax { state.agents.removeAll(keepingCapacity: true) }
      state.agents[name] = agent
    }
  }

  /// Forgets an agent, and its line: another version may be the line's release now.
  func invalidate(_ agent: AgentDefinition) {
    state.withLock { state in
      state.generation += 1
      state.agents[agent.id] = nil
      state.agents[agent.agentLineID] = nil
    }
  }

  func invalidateAll() {
    state.withLock { state in
      state.generation += 1
      state.agents.removeAll(keepingCapacity: true)
    }
  }
}
