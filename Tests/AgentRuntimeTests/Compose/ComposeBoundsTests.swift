import AgentJSON
import AgentTesting
import Logging
import Testing

@testable import AgentRuntime

/// What composing may not do, and what ends it.
@Suite(.timeLimit(.minutes(1)))
struct ComposeBoundsTests {
  @Test func suggestionsAreKept() async throws {
    let harness = ComposeHarness(saying: Composed.agent(["name": "Other", "toolsets": ["math"]]))
    let proposal = try await harness.compose([
      "suggested_name": "Mine", "suggested_tools": ["web"], "llm_config_id": "gpt",
    ])
    #expect(proposal.isValid && proposal.agent?["name"] == "Mine" && proposal.agent?["toolsets"] == ["web", "math"])
    #expect(proposal.agent?["llm_config_id"] == "gpt" && harness.model.requests.map(\.modelID) == ["gpt"])
    let none = try await ComposeHarness(saying: Composed.agent(["name": .null, "toolsets": .null])).compose([
      "suggested_name": "Mine", "suggested_tools": ["math"],
    ])
    #expect(none.isValid && none.agent?["name"] == "Mine" && none.agent?["toolsets"] == ["math"])
    #expect(none.agent?["llm_config_id"] == nil)
  }

  @Test func theModelDecidesNothingElse() async throws {
    let harness = ComposeHarness(
      saying: Composed.agent([
        "id": "mine", "owner_id": "me", "status": "published", "version_type": "release", "llm_config_id": "dear",
        "template_id": "custom-code-bot", "template_version_id": "9.9.9", "limits": ["max_tool_turns": 9],
      ]))
    let proposal = try await harness.compose()
    #expect(proposal.isValid && proposal.warnings.count == 8)
    #expect(proposal.warnings[0] == "the model's id is not taken over")
    #expect(
      proposal.agent?.keys.sorted() == [
        "description", "name", "system_prompt", "template_config", "template_id", "template_version_id", "toolsets",
      ])
    #expect(proposal.agent?["template_id"] == "task-execution-bot" && proposal.agent?["template_version_id"] == "1.1.0")
  }

  @Test func theModelIsToldTheTemplateAndTheTools() async throws {
    let harness = ComposeHarness(saying: Composed.agent())
    _ = try await harness.compose(["suggested_tools": ["web"]])
    let request = try #require(harness.model.requests.first)
    #expect(request.requestID == "req-1" && request.deadline != nil && request.modelID == "default-model")
    let rules = request.messages[0].text
    #expect(rules.contains("task-execution-bot") && rules.contains(TaskExecutionBot.about.description))
    #expect(
      rules.contains(
        JSONValue.object(TaskExecutionBot.Settings.jsonSchema["properties"]?.objectValue ?? [:]).encodedText))
    #expect(rules.contains("- math: add (Does add.)") && rules.contains("- web: its tools are not known now"))
    #expect(rules.contains("The agent gets these anyway: web") && !rules.contains("Compare offers"))
    #expect(request.messages[1].text.contains("Compare offers of suppliers."))
  }

  @Test func theFormatIsOneThatServicesTake() async throws {
    let harness = ComposeHarness(saying: Composed.agent())
    _ = try await harness.compose()
    let format = try #require(harness.model.requests.first?.parameters["response_format"])
    #expect(format["type"] == "json_schema" && format["json_schema"]?["strict"] == true)
    let schema = try #require(format["json_schema"]?["schema"])
    #expect(
      schema["required"] == [
        "reasoning", "name", "description", "system_prompt", "template_config", "toolsets",
      ])
    #expect(schema["properties"]?["toolsets"]?["items"]?["enum"] == ["math", "web"])
    let steps = schema["properties"]?["template_config"]?["properties"]?["taskSteps"]
    #expect(steps?["additionalProperties"] == false && steps?["required"]?.arrayValue?.count == 4)
    #expect(steps?["properties"]?["stepTimeout"]?["maximum"] == 3600)
    for word in ["pattern", "default", "$schema", "title"] { #expect(!schema.encodedText.contains("\"\(word)\":")) }
    let full: JSONValue = [
      "reasoning": "", "name": "", "description": "", "system_prompt": "", "toolsets": ["web"],
      "template_config": [
        "taskSteps": ["steps": ["a"], "stepTimeout": 10, "retryCount": 0, "parallelExecution": true],
        "validation": ["strictMode": true, "outputFormat": "json"],
      ],
    ]
    #expect(try JSONSchema(schema).validate(full).isEmpty)
  }

  @Test func aModelThatTakesNoFormatIsAskedWithoutOne() async throws {
    let model = ScriptedChatModel { call, number in
      guard call.request.parameters["response_format"] == nil else {
        return .failing(ModelError(.rejected, "response_format is not supported", status: 400))
      }
      return .text(number == 1 ? Composed.broken : Composed.agent())
    }
    let proposal = try await ComposeHarness(model).compose()
    #expect(proposal.isValid && proposal.attempts == 2)
    #expect(model.requests.map { $0.parameters["response_format"] == nil } == [false, true, true])
  }

  @Test(
    arguments: [
      (ModelError(.unavailable, "down"), 502), (ModelError(.rejected, "too long", status: 413), 413),
      (ModelError(.misconfigured, "key"), 502), (ModelError(.rateLimited, "slow", retryAfter: .seconds(3)), 429),
      (ModelError(.circuitOpen, "open"), 503), (ModelError(.timeout, "late"), 502),
    ] as [(ModelError, Int)])
  func aModelThatFailsIsToldOf(error: ModelError, status: Int) async throws {
    let harness = ComposeHarness(ScriptedChatModel { _, _ in .failing(error) })
    #expect(await runtimeError { _ = try await harness.compose() }?.status == status)
    #expect(harness.runtime.runs.count == 0)
  }

  @Test(arguments: [ModelError.Kind.unavailable, .rejected])
  func aRepairThatFailsLeavesWhatThereIs(kind: ModelError.Kind) async throws {
    func harness(_ first: String) -> ComposeHarness {
      ComposeHarness(
        ScriptedChatModel { _, number in number == 0 ? .text(first) : .failing(ModelError(kind, "too long")) })
    }
    let proposal = try await harness(Composed.broken).compose()
    #expect(!proposal.isValid && proposal.attempts == 1 && proposal.agent?["name"] == "Offers")
    #expect(proposal.faults.map(\.type) == ["out_of_range"])
    #expect(proposal.warnings == ["The model was asked to mend what it proposed, and failed: \(kind.rawValue)"])
    let error = await runtimeError { _ = try await harness("no").compose() }
    #expect(error?.status == (kind == .rejected ? nil : 502), "nothing to show, unless the prompt was refused")
  }

  @Test func anUnknownTemplateIsRefusedAsInCreation() async throws {
    let harness = ComposeHarness(saying: Composed.agent())
    let error = await runtimeError { _ = try await harness.compose(["template_id": "nope"]) }
    #expect(error?.status == 400 && error?.faultList == ["body.template_id: not_allowed"])
    let created = await runtimeError {
      _ = try await harness.runtime.catalog.create(["name": "x", "template_id": "nope"])
    }
    #expect(created?.message == error?.message && harness.model.calls.isEmpty)
  }

  @Test(
    arguments: [(RunCancellation.timedOut, 408), (.shutdown, 503), (.disconnected, nil)] as [(RunCancellation, Int?)])
  func itEndsWhenItIsCancelled(reason: RunCancellation, status: Int?) async throws {
    let gate = ModelGate()
    let harness = ComposeHarness(ScriptedChatModel(.text(Composed.agent()).waiting(at: gate)))
    let handle = RunHandle()
    async let error = failure { _ = try await harness.compose(handle: handle) }
    await gate.reached()
    #expect(harness.runtime.runs.count == 1)
    handle.cancel(reason)
    let ended = await error
    #expect((ended as? RuntimeError)?.status == status && (ended is CancellationError) == (status == nil))
    #expect(harness.runtime.runs.count == 0)
  }

  @Test func itTakesAPlaceAmongTheRuns() async throws {
    var limits = RuntimeLimits()
    limits.concurrentRunsMax = 1
    let gate = ModelGate()
    let harness = ComposeHarness(ScriptedChatModel(.text(Composed.agent()).waiting(at: gate)), limits: limits)
    async let first = harness.compose()
    await gate.reached()
    #expect(await runtimeError { _ = try await harness.compose() }?.status == 429)
    harness.runtime.runs.cancelRuns(of: "a")
    gate.open()
    #expect(try await first.isValid)
  }

  @Test func whatTheModelNamesIsNotFetched() async throws {
    let (sandbox, supply) = (FakeSandbox(.value(.null)), FakeSupply())
    let config: JSONValue = [
      "codeSource": ["content": "def main(i): pass", "dependencies": ["requests==2.32.0"]],
      "runtime": ["language": "python"],
    ]
    let model = ScriptedChatModel { _, _ in .text(Composed.agent(["template_config": config])) }
    let harness = ComposeHarness(model, sandbox: sandbox, supply: supply)
    let proposal = try await harness.compose(["template_id": "custom-code-bot"])
    #expect(proposal.isValid && proposal.warnings.count == 1 && proposal.warnings[0].contains("are got and looked at"))
    #expect(supply.requests.isEmpty && sandbox.calls.isEmpty && sandbox.checked.count == 1)
    _ = try await harness.runtime.catalog.create(try #require(proposal.agent))
    #expect(supply.requests.count == 1)
  }

  @Test func codeIsLookedAtAndItsFaultsAreMended() async throws {
    let sandbox = FakeSandbox(.value(.null))
    sandbox.find([SandboxFault(line: 1, message: "never closed")])
    let config: JSONValue = ["codeSource": ["content": "def main(i: pass"], "runtime": ["language": "python"]]
    let model = ScriptedChatModel { _, number in
      if number == 1 { sandbox.find([]) }
      return .text(Composed.agent(["template_config": config]))
    }
    let proposal = try await ComposeHarness(model, sandbox: sandbox).compose(["template_id": "custom-code-bot"])
    #expect(proposal.isValid && proposal.attempts == 2 && sandbox.calls.isEmpty)
    #expect(model.requests[1].messages[3].text.contains("template_config.codeSource.content: line 1: never closed"))
  }

  @Test(arguments: [false, true])
  func contentIsLoggedWhereItMayBe(logsContent: Bool) async throws {
    let lines = Recorded<String>()
    let harness = ComposeHarness(
      ScriptedChatModel { _, _ in .text(Composed.agent()) }, logsContent: logsContent, logger: .recording(into: lines))
    _ = try await harness.compose()
    #expect(lines.all.contains { $0.contains("Compare offers of suppliers") } == logsContent)
  }
}
