import AgentJSON
import Testing

@testable import AgentRuntime

/// What is found when an agent of custom code is stored.
@Suite(.timeLimit(.minutes(1)))
struct CustomCodeCheckTests {
  private let sandbox = FakeSandbox()
  private var harness: RuntimeHarness { .withCode(sandbox) }

  @Test func theSourceIsChecked() async throws {
    let change = try await harness.codeAgent(["entryPoint": "go"], runtime: ["language": "javascript", "version": "2"])
    #expect(change.warnings.isEmpty && change.agent.type == "custom")
    let program = try #require(sandbox.checked.first)
    #expect(program.language == .javascript && program.version == "2" && program.entryPoint == "go")
    #expect(program.source == "def main(input):\n  return 'hi'")
  }

  @Test func faultsHaveTheirPlace() async throws {
    sandbox.find([SandboxFault(line: 2, column: 5, message: "bad"), SandboxFault(message: "there is no main")])
    var body = RuntimeHarness.codeBody()
    body["name"] = ""
    let error = try #require(await runtimeError { _ = try await harness.catalog.create(body) })
    #expect(error.code == .validation && error.status == 422)
    let path = "body.template_config.codeSource.content"
    #expect(error.faultList == ["body.name: wrong_length", "\(path): invalid_code", "\(path): invalid_code"])
    let faults = error.faults.filter { $0.type == "invalid_code" }.map(\.json)
    #expect(faults[0]["line"] == 2 && faults[0]["column"] == 5 && faults[0]["msg"] == "line 2, column 5: bad")
    #expect(faults[1]["line"] == nil && faults[1]["msg"] == "there is no main")
  }

  @Test(
    arguments: [
      ("", true), ("3", true), ("3.11", true), ("3.11.2", true), ("3.1", false), ("3.12", false), ("v3", false),
    ])
  func theVersionIsAPrefixOfOneThatIsInstalled(version: String, isInstalled: Bool) async throws {
    let error = await runtimeError { try await harness.codeAgent(runtime: ["version": .string(version)]) }
    #expect((error == nil) == isInstalled)
    if let error {
      #expect(error.faultList == ["body.template_config.runtime.version: not_allowed"])
      #expect(error.message.contains("3.13.5, 3.11.2"))
    }
  }

  @Test(
    arguments: [
      (["type": "package"], ["type"], "CODE_PACKAGE_INDEX"),
      (["type": "repository"], ["type"], "CODE_REPOSITORY_HOSTS"),
      (["dependencies": ["requests"]], ["dependencies"], "CODE_PACKAGE_INDEX"),
      (["type": "package", "dependencies": ["x"]], ["dependencies", "type"], "CODE_PACKAGE_INDEX"),
    ] as [(JSONObject, [String], String)])
  func whatIsOffIsRefusedWithTheSettingsName(source: JSONObject, fields: [String], setting: String) async throws {
    let error = try #require(await runtimeError { try await harness.codeAgent(source) })
    #expect(error.faultList == fields.map { "body.template_config.codeSource.\($0): not_allowed" })
    #expect(error.message.contains(setting))
    let nowhere = await runtimeError { try await RuntimeHarness.withCode(nil).codeAgent(source) }
    #expect(nowhere?.faultList == error.faultList)
  }

  @Test func theFormIsCheckedFirst() async throws {
    let error = try #require(
      await runtimeError {
        try await harness.codeAgent(
          ["content": " ", "entryPoint": "a-b"], runtime: ["timeout": 0, "memoryLimit": 4096, "language": "cobol"])
      })
    #expect(error.faultList.count == 5 && sandbox.checked.isEmpty)
    let missing = await runtimeError {
      _ = try await harness.catalog.create(["name": "x", "template_id": "custom-code-bot"])
    }
    let path = "body.template_config"
    #expect(
      missing?.faultList == [
        "\(path).codeSource.content: missing", "\(path).codeSource: missing", "\(path).runtime: missing",
      ])
  }

  @Test func whatCannotBeCheckedIsStoredWithAWarning() async throws {
    let warning = "template_config.codeSource.content was not checked, and cannot run here: "
    #expect(
      try await RuntimeHarness.withCode(nil).codeAgent().warnings == [warning + "this runtime has no sandbox"])
    let missing = try await harness.codeAgent(runtime: ["language": "typescript"])
    #expect(missing.warnings == [warning + "Deno is missing; install it"])
    let dead = FakeSandbox()
    dead.fail(SandboxUnavailable("the supervisor died"))
    #expect(try await RuntimeHarness.withCode(dead).codeAgent().warnings == [warning + "the supervisor died"])
    let off = FakeSandbox()
    off.refuse("no user namespaces")
    #expect(try await RuntimeHarness.withCode(off).codeAgent().warnings == [warning + "no user namespaces"])
  }

  @Test func anUpdateIsChecked() async throws {
    let harness = harness
    try await harness.codeAgent()
    sandbox.find([SandboxFault(line: 1, message: "bad")])
    let body: JSONObject = ["template_config": ["codeSource": ["content": "def"], "runtime": [:]]]
    let error = try #require(await runtimeError { _ = try await harness.catalog.update("a", body) })
    #expect(error.faultList == ["body.template_config.codeSource.content: invalid_code"])
    #expect(try await harness.catalog.agent("a").revision == 1)
    sandbox.find([])
    #expect(try await harness.catalog.update("a", body).agent.revision == 2)
    #expect(sandbox.checked.last?.source == "def")
  }

  @Test func whatIsTooLargeIsNotGivenToTheSandbox() async throws {
    let source = String(repeating: "x", count: 1 << 20)
    let error = try #require(await runtimeError { try await harness.codeAgent(["content": .string(source)]) })
    #expect(error.status == 400 && error.faultList == ["body.template_config: too_long"])
    #expect(sandbox.checked.isEmpty)
  }

  /// The table of contract §3.
  @Test func theTemplateIsTheContracts() throws {
    let json = try #require(TemplateCatalog([CustomCodeBot.self]).version("1.0.0", of: "custom-code-bot")).json
    #expect(json["type"] == "custom" && json["displayName"] == "自定义智能体")
    let sections = json["configSchema"]?["sections"]?.arrayValue ?? []
    #expect(sections.map { $0["id"] } == ["codeSource", "runtime"])
    #expect(sections.map { $0["title"] } == ["代码源", "运行时设置"])
    #expect(sections.map { $0["required"] } == [true, true])
    let fields = sections.flatMap { $0["fields"]?.arrayValue ?? [] }
    #expect(
      fields.map { $0["id"] } == [
        "type", "content", "entryPoint", "dependencies", "language", "version", "timeout", "memoryLimit",
      ])
    #expect(
      fields.map { $0["type"] } == ["select", "textarea", "text", "array", "select", "text", "number", "number"])
    #expect(
      fields.map { $0["label"] } == ["代码类型", "代码内容", "入口点", "依赖包", "编程语言", "语言版本", "执行超时", "内存限制"])
    #expect(fields.map { $0["defaultValue"] } == ["inline", nil, "main", [], "python", "", 30, 512])
    #expect(fields[6]["validation"] == ["min": 1, "max": 300] && fields[7]["validation"] == ["min": 64, "max": 2048])
    let choices = fields.map { $0["options"]?.arrayValue?.compactMap { $0["value"]?.stringValue } ?? [] }
    #expect(choices[0] == ["inline", "repository", "package"] && choices[4] == ["python", "javascript", "typescript"])
  }
}
