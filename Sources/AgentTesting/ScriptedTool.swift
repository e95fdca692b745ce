public import AgentJSON
public import AgentRuntime
import Synchronization

/// A tool that does what a test tells it to, and keeps what it was called with.
public final class ScriptedTool: Tool {
  /// One call as the tool got it.
  public struct Call: Sendable {
    /// The arguments.
    public var arguments: JSONObject
    /// What it was told besides.
    public var context: ToolContext
  }

  /// How the model sees it.
  public let definition: ToolDefinition
  private let made = Mutex<[Call]>([])
  private let work: @Sendable (JSONObject, Int) async throws -> ToolOutput

  /// A tool that takes arguments of this schema. `work` gets them, and the call's number from 0.
  public init(
    _ name: String, schema: JSONObject = ["type": "object"],
    work: @escaping @Sendable (_ arguments: JSONObject, _ number: Int) async throws -> ToolOutput
  ) {
    definition = ToolDefinition(name: name, description: "Does \(name).", parameters: schema)
    self.work = work
  }

  /// All calls so far, in order.
  public var calls: [Call] { made.withLock { $0 } }

  /// Does what the test wants, and throws what it wants.
  public func call(_ arguments: JSONObject, _ context: ToolContext) async throws -> ToolOutput {
    let number = made.withLock { calls in
      calls.append(Call(arguments: arguments, context: context))
      return calls.count - 1
    }
    return try await work(arguments, number)
  }
}

/// Tools that a test gives; they can be changed, and can be out of reach.
public final class ScriptedToolSource: ToolSource {
  private struct State {
    var tools: [any Tool]
    var problem: ToolError?
  }
  private let state: Mutex<State>

  /// Offers these tools.
  public init(_ tools: [any Tool]) { state = Mutex(State(tools: tools)) }

  /// Offers others from now on.
  public func setTools(_ tools: [any Tool]) { state.withLock { $0.tools = tools } }

  /// What `tools` throws; nil while the source can be reached.
  public func setProblem(_ problem: ToolError?) { state.withLock { $0.problem = problem } }

  /// The tools. Throws the problem that was set.
  public func tools() async throws -> [any Tool] {
    let (tools, problem) = state.withLock { ($0.tools, $0.problem) }
    if let problem { throw problem }
    return tools
  }

  /// Whether a problem was set.
  public var health: ToolSourceHealth {
    state.withLock {
      ToolSourceHealth(isReachable: $0.problem == nil, problem: $0.problem?.message, toolCount: $0.tools.count)
    }
  }

  /// Nothing is to be kept.
  public func run() async {}
}
