import AgentJSON
import Testing

@testable import AgentRuntime

struct ComposeCallTests {
  private static let least: JSONObject = ["template_id": "t", "instructions": "do it"]

  private static func body(_ fields: JSONObject) -> JSONObject {
    var body = least
    for (key, value) in fields { body[key] = value }
    return body
  }

  private func read(_ body: JSONObject) throws -> ComposeCall {
    var limits = RuntimeLimits()
    limits.messageLengthMax = 20
    return try ComposeCall(body, limits: limits, toolsets: ["math", "web"])
  }

  @Test func theLeastBodyLeavesTheRestToTheModel() throws {
    let call = try read(Self.least)
    #expect(call.templateID == "t" && call.instructions == "do it")
    #expect(call.name == nil && call.toolsets.isEmpty && call.modelID == nil && call.warnings.isEmpty)
  }

  @Test func everyFieldIsTaken() throws {
    let call = try read(
      Self.body([
        "instructions": .string(String(repeating: "界", count: 20)), "suggested_name": "客服",
        "suggested_tools": ["web", "math", "web"], "llm_config_id": "gpt", "owner_id": "me",
      ]))
    #expect(call.name == "客服" && call.toolsets == ["web", "math"] && call.modelID == "gpt")
    #expect(call.warnings == ["owner_id is not a field of this request and is ignored"])
  }

  @Test(
    arguments: [
      ([:], ["body.instructions: missing", "body.template_id: missing"]),
      (["template_id": .null, "instructions": .null], ["body.instructions: missing", "body.template_id: missing"]),
      (["template_id": 1, "instructions": ["x"]], ["body.instructions: wrong_type", "body.template_id: wrong_type"]),
      (body(["template_id": ""]), ["body.template_id: wrong_length"]),
      (body(["instructions": ""]), ["body.instructions: wrong_length"]),
      (body(["instructions": " \n\u{3000}"]), ["body.instructions: blank"]),
      (body(["instructions": .string(String(repeating: "界", count: 21))]), ["body.instructions: wrong_length"]),
      (body(["suggested_name": ""]), ["body.suggested_name: wrong_length"]),
      (body(["suggested_name": .string(String(repeating: "x", count: 101))]), ["body.suggested_name: wrong_length"]),
      (body(["suggested_tools": "math"]), ["body.suggested_tools: wrong_type"]),
      (
        body(["suggested_tools": ["math", 1, "nope"]]),
        ["body.suggested_tools[1]: wrong_type", "body.suggested_tools[2]: not_allowed"]
      ),
      (
        body(["suggested_tools": .array(Array(repeating: "math", count: 101))]), ["body.suggested_tools: wrong_count"]
      ),
      (body(["llm_config_id": "two words"]), ["body.llm_config_id: pattern"]),
      (
        ["instructions": 1, "suggested_name": 2, "suggested_tools": 3, "llm_config_id": 4],
        [
          "body.instructions: wrong_type", "body.llm_config_id: wrong_type", "body.suggested_name: wrong_type",
          "body.suggested_tools: wrong_type", "body.template_id: missing",
        ]
      ),
    ] as [(JSONObject, [String])])
  func allFaultsAreToldAtOnce(body: JSONObject, faults: [String]) async throws {
    let error = await runtimeError { _ = try read(body) }
    #expect(error?.status == 422 && error?.faultList == faults)
  }

  @Test func anUnknownToolsetIsToldWithThoseThatThereAre() async throws {
    let error = await runtimeError { _ = try read(Self.body(["suggested_tools": ["nope"]])) }
    #expect(error?.faults.first?.message == "no toolset 'nope' is configured; there are: math, web")
  }
}
