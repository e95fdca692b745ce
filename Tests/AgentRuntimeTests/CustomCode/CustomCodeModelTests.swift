import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

/// `llm.chat` of a custom agent's code.
@Suite(.timeLimit(.minutes(1)))
struct CustomCodeModelTests {
  private static let question: [JSONValue] = [["role": "user", "content": "why"]]

  /// Runs code that does this; returns the result.
  private func run(
    _ model: ScriptedChatModel, limits: RuntimeLimits = RuntimeLimits(), parameters: JSONObject = [:],
    sink: DeltaSink? = nil, _ work: @escaping @Sendable (any SandboxHost) async throws -> JSONValue
  ) async throws -> RunResult {
    let sandbox = FakeSandbox { _, host in SandboxReport(.value(try await work(host))) }
    let harness = RuntimeHarness.withCode(sandbox, model, limits: limits)
    try await harness.codeAgent()
    return try await harness.chat([.user("q")], parameters: parameters, sink: sink)
  }

  @Test func asksTheAgentsModelAndCounts() async throws {
    let model = ScriptedChatModel(.text("be", "cause"), .text("so"))
    let streamed = Recorded<ChatDelta>()
    let result = try await run(
      model, parameters: ["temperature": 1, "max_tokens": 9, "tools": [], "response_format": ["type": "text"]],
      sink: { deltas in deltas.forEach(streamed.add) }
    ) { host in
      let first = try await host.callModel(
        messages: Self.question, options: ["temperature": 0.5, "max_completion_tokens": 3, "stop": .null])
      _ = try await host.callModel(messages: Self.question, options: [:])
      return .object(first)
    }
    #expect(model.calls.map(\.isStreamed) == [false, false])
    #expect(model.requests.map(\.modelID) == ["default-model", "default-model"])
    #expect(model.requests[0].messages == [.user("why")])
    #expect(model.requests[0].parameters == ["temperature": 0.5, "max_completion_tokens": 3])
    #expect(model.requests[1].parameters == ["temperature": 1, "max_tokens": 9])
    #expect(result.usage == TokenUsage(promptTokens: 6, completionTokens: 4))
    let reply: JSONValue = [
      "role": "assistant", "content": "because", "finish_reason": "stop",
      "usage": ["prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5],
    ]
    #expect(try JSONValue(parsing: result.completion.message.text) == reply)
    // What the model said is the code's; the caller gets what the code returned.
    #expect(streamed.all.compactMap(\.content) == [result.completion.message.text])
  }

  @Test(
    arguments: [
      ([], [:], "messages"), ([["role": "nobody", "content": "x"]], [:], "messages[0].role"),
      (["text"], [:], "messages[0]"), (question, ["model": "other", "stream": true], "model, stream"),
    ] as [([JSONValue], JSONObject, String)])
  func whatTheProgramGetsWrongIsRefused(messages: [JSONValue], options: JSONObject, words: String) async throws {
    let model = ScriptedChatModel()
    let result = try await run(model) { host in
      do {
        return .object(try await host.callModel(messages: messages, options: options))
      } catch let refusal as SandboxRefusal {
        return .string(refusal.message)
      }
    }
    #expect(result.completion.message.text.contains(words))
    #expect(model.calls.isEmpty)
  }

  @Test func callsAreBounded() async throws {
    var limits = RuntimeLimits()
    limits.codeModelCallsMax = 3
    let model = ScriptedChatModel { _, _ in .text("x") }
    let result = try await run(model, limits: limits) { host in
      var refusals: [JSONValue] = []
      for _ in 0..<5 {
        do {
          _ = try await host.callModel(messages: Self.question, options: [:])
        } catch let refusal as SandboxRefusal {
          refusals.append(.string(refusal.message))
        }
      }
      return .array(refusals)
    }
    #expect(model.calls.count == 3)
    let refusals = try JSONValue(parsing: result.completion.message.text).arrayValue ?? []
    #expect(refusals.count == 2 && refusals[0].stringValue?.contains("3 calls were made") == true)
  }

  @Test func tokensAreBounded() async throws {
    var limits = RuntimeLimits()
    limits.codeModelTokensMax = 6
    let model = ScriptedChatModel { _, _ in .text("x") }
    let error = await failure {
      _ = try await run(model, limits: limits) { host in
        for _ in 0..<5 { _ = try await host.callModel(messages: Self.question, options: [:]) }
        return .null
      }
    }
    #expect(model.calls.count == 2)
    // The real sandbox hands a refusal to the program; this one lets it through.
    #expect(error != nil)
  }

  @Test func aModelThatIsOutEndsTheRunAsItDoesElsewhere() async throws {
    let model = ScriptedChatModel(.failing(ModelError(.unavailable, "gone")))
    let error = try #require(
      await runtimeError {
        _ = try await run(model) { host in
          .object(try await host.callModel(messages: Self.question, options: [:]))
        }
      })
    #expect(error.code == .llmUnavailable && error.status == 502)
    #expect(error.details?["execution_steps"]?.arrayValue?.last?["status"] == "error")
  }

  @Test func whatTheModelRefusesIsTheProgramsMatter() async throws {
    let model = ScriptedChatModel(.failing(ModelError(.rejected, "temperature: too hot", status: 400)))
    let result = try await run(model) { host in
      do {
        return .object(try await host.callModel(messages: Self.question, options: ["temperature": 9]))
      } catch let refusal as SandboxRefusal {
        return .string(refusal.message)
      }
    }
    #expect(result.completion.message.text == "temperature: too hot")
  }
}
