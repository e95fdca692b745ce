import AgentJSON
import Synchronization

/// The toolsets that agents can name. They can be exchanged while the runtime runs.
public final class ToolsetCatalog: Sendable {
  private struct State {
    var toolsets: [String: Toolset]
    /// What was made of each set's tools the last time; made anew when its list has changed.
    var prepared: [String: Prepared] = [:]
    /// Changes with each exchange: what is made of a set that is gone is not kept for the one in its place.
    var generation = 0
  }

  private struct Prepared {
    var definitions: [ToolDefinition]
    var tools: [OfferedTool]
    var warnings: [String]
  }

  private let state: Mutex<State>
  private let patience: Duration
  /// Has an element for each time the sets were exchanged; `run` reads it.
  private let exchanges: AsyncStream<Void>
  private let noteExchange: AsyncStream<Void>.Continuation

  /// A source that was never reached is waited for so long; then its tools are missing.
  public init(_ toolsets: [Toolset] = [], patience: Duration = .seconds(5)) {
    state = Mutex(State(toolsets: Self.byName(toolsets)))
    self.patience = patience
    (exchanges, noteExchange) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Puts other toolsets in place of those that there are; runs under way keep theirs.
  public func replace(_ toolsets: [Toolset]) {
    let toolsets = Self.byName(toolsets)
    state.withLock { $0 = State(toolsets: toolsets, generation: $0.generation + 1) }
    noteExchange.yield()
  }

  private static func byName(_ toolsets: [Toolset]) -> [String: Toolset] {
    Dictionary(toolsets.map { ($0.name, $0) }) { _, last in last }
  }

  /// Keeps the sources of all sets usable until the task is cancelled; those of sets that are exchanged are let go of.
  public func run() async {
    while !Task.isCancelled {
      let sources = state.withLock { $0.toolsets.values.map(\.source) }
      await withTaskGroup(of: Bool.self) { group in
        for source in sources {
          group.addTask {
            await source.run()
            return false
          }
        }
        group.addTask { [exchanges] in
          for await _ in exchanges { return true }
          return false
        }
        for await isExchange in group where isExchange { group.cancelAll() }
      }
    }
  }

  /// The names, sorted.
  public var names: [String] { state.withLock { $0.toolsets.keys.sorted() } }

  /// What is known of each set, by its name.
  public var health: [(name: String, health: ToolSourceHealth)] {
    let toolsets = state.withLock { $0.toolsets }
    return toolsets.keys.sorted().compactMap { name in toolsets[name].map { (name, $0.source.health) } }
  }

  /// Has all sources let go of what they kept for a session that is deleted, or for an agent.
  func forget(agentID: String, sessionID: String?) async {
    let sources = state.withLock { $0.toolsets.values.map(\.source) }
    for source in sources { await source.forget(agentID: agentID, sessionID: sessionID) }
  }

  /// The tools of these sets. What is unknown or cannot be reached is left out, with a warning.
  func belt(_ names: [String]) async throws -> ToolBelt {
    var belt = ToolBelt()
    for name in names {
      let (found, generation) = state.withLock { ($0.toolsets[name], $0.generation) }
      guard let toolset = found else {
        belt.warn("Toolset '\(name)' is not configured.")
        continue
      }
      do {
        let prepared = try await offered(toolset, generation)
        for tool in prepared.tools { belt.add(tool) }
        for warning in prepared.warnings { belt.warn(warning) }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        let reason = (error as? ToolError)?.message ?? "it failed"
        belt.warn("Toolset '\(name)' is not available: \(reason)")
      }
    }
    return belt
  }

  private func offered(_ toolset: Toolset, _ generation: Int) async throws -> Prepared {
    let tools = try await withinTime(patience) { try await toolset.source.tools() }
    guard let tools else { throw ToolError("no answer within \(patience.components.seconds) s") }
    let definitions = tools.map(\.definition)
    if let known = state.withLock({ $0.generation == generation ? $0.prepared[toolset.name] : nil }),
      known.definitions == definitions
    {
      return known
    }
    let wanted = tools.filter { toolset.policy.tools?.contains($0.definition.name) ?? true }
    let prepared = Prepared(
      definitions: definitions, tools: wanted.compactMap { OfferedTool($0, of: toolset) },
      warnings: toolset.policy.unknownApprovals(tools).map {
        "Toolset '\(toolset.name)' wants approval of '\($0)', which is no tool of it."
      })
    state.withLock { state in
      if state.generation == generation { state.prepared[toolset.name] = prepared }
    }
    return prepared
  }
}
