import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

/// A process that ends after each of its writes, and another one that goes on.
@Suite(.timeLimit(.minutes(1)))
struct RunCrashTests {
  private static let all: [TaskCall] = (1...5).map { .step($0) } + [.compose]

  @Test(arguments: 0..<24, [false, true])
  func noFinishedStepIsRepeated(writes: Int, isParallel: Bool) async throws {
    let base = InMemoryStore()
    let cut = CutStore(base, after: writes)
    let first = KeptHarness(cut, KeptHarness.model())
    try await first.makeAgent(["parallelExecution": .bool(isParallel)])
    let answer = try? await first.ask(["run_id": "r"])
    let stored = try await base.runs.run("r")
    let second = KeptHarness(base, KeptHarness.model())
    guard let stored else {
      #expect(writes == 0 && first.calls.isEmpty, "nothing is done for a run before it is stored")
      return
    }
    if stored.status == .completed {
      #expect(!cut.isCut && answer != nil)
      return
    }
    // What is stored of the steps is what need not be done again.
    let thread = StoredRun.threadName(agentID: "a", runID: "r")
    let graph = TaskProgram(Self.plan(isParallel)).graph.checkpointed(by: base.threads)
    let snapshot = try await graph.snapshot(of: thread)
    let done = Set(snapshot?.state.outputs.map { $0.index + 1 } ?? [])
      .union(snapshot?.tasks.filter { $0.status == .done }.compactMap { Int($0.node.dropFirst(5)) } ?? [])
    let ended = try #require(try await second.goOn("r"))
    #expect(ended.status == .completed && ended.output?["message"]?["content"] == .string("\(TaskCall.compose)"))
    let repeated = second.calls.filter { call in if case .step(let n) = call { done.contains(n) } else { false } }
    #expect(repeated.isEmpty, "\(done) were done, and \(second.calls) asked for")
    #expect(Set(first.calls + second.calls) == Set(Self.all))
    #expect(second.calls.count == Set(second.calls).count)
    #expect(
      ended.steps.compactMap(ExecutionStep.init).map(\.status.rawValue) == [String](repeating: "completed", count: 7))
    // Each step's output is its own, whoever made it.
    let outputs = ended.steps.compactMap { $0["output"]?.stringValue }
    #expect(outputs.sorted() == (1...5).map { "\(TaskCall.step($0))" })
  }

  private static func plan(_ isParallel: Bool) -> TaskPlan {
    var settings = TaskExecutionBot.Settings()
    settings.taskSteps.steps = ["1", "2", "3", "4", "5"]
    settings.taskSteps.parallelExecution = isParallel
    return TaskPlan(settings)
  }

  @Test(arguments: 0..<20)
  func noToolIsCalledTwiceWhoseResultIsStored(writes: Int) async throws {
    let base = InMemoryStore()
    let cut = CutStore(base, after: writes)
    let tool = ScriptedTool("look") { _, _ in ToolOutput("seen") }
    let toolsets = [Toolset.test(tool)]
    @Sendable func answer(_ request: ChatRequest) -> ScriptedAnswer {
      guard TaskCall(request) == .step(1), request.messages.last?.role != .tool else {
        return .text("\(TaskCall(request))")
      }
      return .message(
        [
          "role": "assistant", "content": .null,
          "tool_calls": [["id": "c", "type": "function", "function": ["name": "look", "arguments": "{}"]]],
        ], finishReason: "tool_calls")
    }
    let first = KeptHarness(cut, toolsets: toolsets, ScriptedChatModel { call, _ in answer(call.request) })
    try await first.makeAgent(["steps": ["1"]], fields: ["toolsets": ["tools"]])
    _ = try? await first.ask(["run_id": "r"])
    let second = KeptHarness(base, toolsets: toolsets, ScriptedChatModel { call, _ in answer(call.request) })
    guard let stored = try await base.runs.run("r"), stored.status != .completed else { return }
    let before = tool.calls.count
    let isStored = try await Self.hasEffect(base)
    let ended = try #require(try await second.goOn("r"))
    #expect(ended.status == .completed)
    if isStored { #expect(tool.calls.count == before, "the tool's result was stored") }
    #expect(tool.calls.count <= 2 && tool.calls.count >= 1)
  }

  /// Whether a tool's result is in the attempt's thread.
  private static func hasEffect(_ store: InMemoryStore) async throws -> Bool {
    let thread = StoredRun.threadName(agentID: "a", runID: "r") + "/1-1"
    for namespace in try await store.threads.namespaces(thread: thread) {
      guard let stored = try await store.threads.load(thread: thread, namespace: namespace, id: nil) else { continue }
      if !stored.effects.isEmpty || !stored.pending.isEmpty { return true }
    }
    return false
  }
}
