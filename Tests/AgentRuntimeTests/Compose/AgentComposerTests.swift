import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct AgentComposerTests {
  @Test func aGoodAnswerIsTheProposal() async throws {
    let harness = ComposeHarness(saying: Composed.agent())
    let proposal = try await harness.compose()
    #expect(
      proposal.agent == [
        "name": "Offers", "description": "Compares offers.", "system_prompt": "You compare offers.",
        "template_config": Composed.steps, "toolsets": ["math"], "template_id": "task-execution-bot",
        "template_version_id": "1.1.0",
      ])
    #expect(proposal.isValid && proposal.attempts == 1 && proposal.warnings.isEmpty)
    #expect(proposal.templateID == "task-execution-bot" && proposal.templateVersion == "1.1.0")
    #expect(proposal.reasoning == "Two steps are enough.")
    #expect(proposal.usage == TokenUsage(promptTokens: 3, completionTokens: 2))
    #expect(try await harness.storedCount() == 0, "nothing is created")
    let made = try await harness.runtime.catalog.create(try #require(proposal.agent))
    #expect(made.warnings.isEmpty && made.agent.name == "Offers" && made.agent.toolsets == ["math"])
    #expect(harness.runtime.statistics.figures.total == 0 && harness.runtime.runs.count == 0)
  }

  @Test(
    arguments: [
      "```json\n\(Composed.agent())\n```", "```\n\(Composed.agent())\n```",
      "Here it is:\n\n\(Composed.agent())\n\nI hope that it helps.",
      "I thought about [1] it.\n```json\n\(Composed.agent())\n```\nDone.", "\u{FEFF}\n \(Composed.agent())\n",
    ])
  func fencesAndProseAroundItAreDropped(text: String) async throws {
    let proposal = try await ComposeHarness(saying: text).compose()
    #expect(proposal.isValid && proposal.attempts == 1 && proposal.agent?["name"] == "Offers")
  }

  @Test(
    arguments: [
      (Composed.broken, ["template_config.taskSteps.stepTimeout: 9 is not from 10 to 3600"]),
      (Composed.agent(["name": .null]), ["name: is required"]),
      (
        Composed.agent(["name": 1, "toolsets": ["math", "nope"], "template_config": "x"]),
        ["name: 1 is not a string", "toolsets[1]: no toolset 'nope' is configured", "template_config: \"x\" is not an"]
      ),
      (Composed.agent(["toolsets": "math"]), ["toolsets: \"math\" is not an array of strings"]),
      (Composed.agent(["system_prompt": .string(String(repeating: "x", count: 65_537))]), ["system_prompt: has 65537"]),
      ("I cannot do that.", ["There is no JSON in it."]), (#"{"name": "#, ["It is not JSON"]),
      ("[1]", ["a JSON object is expected, not"]),
    ] as [(String, [String])])
  func whatIsWrongIsMended(first: String, told: [String]) async throws {
    let harness = ComposeHarness(saying: first, Composed.agent())
    let proposal = try await harness.compose()
    #expect(proposal.isValid && proposal.attempts == 2 && proposal.agent?["name"] == "Offers")
    #expect(proposal.usage?.totalTokens == 10, "the sum over both calls")
    let messages = harness.model.requests[1].messages
    #expect(messages.map(\.role) == [.system, .user, .assistant, .user])
    #expect(Array(messages[..<2]) == harness.model.requests[0].messages)
    for text in told { #expect(messages[3].text.contains(text), "\(messages[3].text)") }
  }

  @Test func aSecondRepairIsTheLast() async throws {
    let harness = ComposeHarness(saying: "no", Composed.broken, Composed.agent())
    let proposal = try await harness.compose()
    #expect(proposal.isValid && proposal.attempts == 3)
    let last = harness.model.requests[2].messages
    #expect(last.count == 4 && last[2].text == Composed.broken, "the last answer alone is sent back")
  }

  @Test func whatStaysWrongIsReturnedWithItsFaults() async throws {
    let harness = ComposeHarness(saying: Composed.broken, Composed.broken, Composed.broken, Composed.agent())
    let proposal = try await harness.compose()
    #expect(!proposal.isValid && proposal.attempts == 3 && harness.model.calls.count == 3)
    #expect(proposal.faults.map(\.pathText) == ["proposal.template_config.taskSteps.stepTimeout"])
    #expect(proposal.faults.map(\.type) == ["out_of_range"] && proposal.reasoning == "Two steps are enough.")
    #expect(proposal.agent?["template_config"]?["taskSteps"]?["stepTimeout"] == 9)
    let error = await runtimeError {
      _ = try await harness.runtime.catalog.create(try #require(proposal.agent))
    }
    #expect(error?.faultList == ["body.template_config.taskSteps.stepTimeout: out_of_range"])
  }

  @Test func anAnswerThatIsNeverJSONLeavesNoProposal() async throws {
    let proposal = try await ComposeHarness(saying: "a", "b", "c").compose()
    #expect(proposal.agent == nil && !proposal.isValid && proposal.reasoning == nil && proposal.attempts == 3)
    #expect(proposal.faults.map(\.pathText) == ["proposal"] && proposal.faults.map(\.type) == ["invalid_answer"])
  }

  @Test func theBestAnswerIsKept() async throws {
    let worse = Composed.agent(["name": .null, "template_config": []])
    let proposal = try await ComposeHarness(saying: Composed.broken, worse, "sorry").compose()
    #expect(proposal.faults.map(\.pathText) == ["proposal.template_config.taskSteps.stepTimeout"])
    #expect(proposal.agent?["name"] == "Offers" && proposal.attempts == 3)
  }

  @Test func aRefusalIsNotArguedWith() async throws {
    let refusal: JSONObject = ["role": "assistant", "content": .null, "refusal": "not that"]
    let harness = ComposeHarness(ScriptedChatModel(.message(refusal, finishReason: "stop")))
    let proposal = try await harness.compose()
    #expect(!proposal.isValid && proposal.attempts == 1 && proposal.usage == nil)
    #expect(proposal.faults.map(\.message) == ["the model refuses: not that"])
  }

  @Test func anAnswerThatWasCutOffIsToldOf() async throws {
    let cut = String(Composed.agent().prefix(60))
    let harness = ComposeHarness(
      ScriptedChatModel { _, number in
        number == 0 ? .text(cut, finishReason: "length") : .text(Composed.agent())
      })
    #expect(try await harness.compose().isValid)
    #expect(harness.model.requests[1].messages[3].text.contains("cut off at the model's limit of tokens"))
  }

  @Test func settingsThatDoNothingAreWorthOneRepair() async throws {
    let odd = Composed.agent(["template_config": ["steps": ["a"], "taskSteps": ["steps": ["a"], "colour": "red"]]])
    let mended = ComposeHarness(saying: odd, Composed.agent())
    let good = try await mended.compose()
    #expect(good.isValid && good.attempts == 2 && good.warnings.isEmpty)
    let told = mended.model.requests[1].messages[3].text
    #expect(told.contains("template_config.steps: is not a setting of the template; there are: taskSteps, validation"))
    #expect(told.contains("template_config.taskSteps.colour"))
    let kept = try await ComposeHarness(saying: odd, odd, odd).compose()
    #expect(kept.isValid && kept.attempts == 2 && kept.faults.isEmpty)
    #expect(kept.warnings.count == 2 && kept.warnings[0].contains("did you mean taskSteps.steps?"))
    // A repair that makes it worse is not taken; one that fails is told of.
    let worse = try await ComposeHarness(saying: odd, Composed.broken, Composed.broken).compose()
    #expect(worse.isValid && worse.warnings.count == 2)
    let failing = ComposeHarness(ScriptedChatModel(.text(odd), .failing(ModelError(.timeout, "late"))))
    let left = try await failing.compose()
    #expect(left.isValid && left.attempts == 1 && left.warnings.last?.hasSuffix("failed: model_timeout") == true)
  }
}
