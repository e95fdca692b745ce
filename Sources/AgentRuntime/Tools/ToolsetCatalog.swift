import AgentJSON
import Synchronization

/// The toolsets that agents can name. They can be exchanged while the runtime runs.
public final class ToolsetCatalog: Sendable {
  private struct State {
    var toolsets: [String: Toolset]
    /// What was made of each set's tools the last time; made anew when its list has changed.
    var prepared: [String: Prepared] = [:]
  }

  private struct Prepared {
    var definitions: [ToolDefinition]
    var tools: [OfferedTool]
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
    state.withLock { $0 = State(toolsets: toolsets) }
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
      guard let toolset = state.withLock({ $0.toolsets[name] }) else {
        belt.warn("Toolset '\(name)' is not configured.")
        continue
      }
      do {
        for tool in try await offered(toolset) { belt.add(tool) }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        let reason = (error as? ToolError)?.message ?? "it failed"
        belt.warn("Toolset '\(name)' is not available: \(reason)")
      }
    }
    return belt
  }

  private func offered(_ toolset: Toolset) async throws -> [OfferedTool] {
    let tools = try await withinTime(patience) { try await toolset.source.tools() }
    guard let tools else { throw ToolError("no answer within \(patience.components.seconds) s") }
    let definitions = tools.map(\.definition)
    if let known = state.withLock({ $0.prepared[toolset.name] }), known.definitions == definitions {
      return known.tools
    }
    let wanted = tools.filter { toolset.policy.tools?.contains($0.definition.name) ?? true }
    let offered = wanted.compactMap { OfferedTool($0, of: toolset) }
    state.withLock { $0.prepared[toolset.name] = Prepared(definitions: definitions, tools: offered) }
    return offered
  }
}
