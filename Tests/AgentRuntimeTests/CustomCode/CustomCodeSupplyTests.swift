import AgentJSON
import Testing

@testable import AgentRuntime

private let commit = "0123456789abcdef0123456789abcdef01234567"
private let repository = "https://git.example.com/team/bot@\(commit)"

/// Agents whose code, or what it needs, comes from elsewhere.
@Suite(.timeLimit(.minutes(1)))
struct CustomCodeSupplyTests {
  private let sandbox = FakeSandbox(.value(.null))
  private let content = "body.template_config.codeSource.content"
  private let dependencies = "body.template_config.codeSource.dependencies"

  private func faults(_ supply: FakeSupply, _ source: JSONObject, runtime: JSONObject = [:]) async -> [String: String] {
    let harness = RuntimeHarness.withCode(sandbox, supply: supply)
    let error = await runtimeError { try await harness.codeAgent(source, runtime: runtime) }
    return Dictionary((error?.faults ?? []).map { ($0.pathText, $0.message) }) { $0 + " & " + $1 }
  }

  @Test func dependenciesAreGotAndImported() async throws {
    let (sandbox, supply) = (FakeSandbox(.value("done")), FakeSupply())
    let harness = RuntimeHarness.withCode(sandbox, supply: supply)
    try await harness.codeAgent(["dependencies": ["Requests==2.32.0", "a==1"]], runtime: ["version": "3.11"])
    let request = try #require(supply.requests.first)
    #expect(request.requirements.map(\.description) == ["a==1", "requests==2.32.0"])
    #expect(request.interpreter == "3.11.2" && request.language == .python && request.repository == nil)
    #expect(sandbox.checked.map(\.layer) == [nil])
    #expect(try await harness.chat([.user("q")]).completion.message.text == "done")
    let program = try #require(sandbox.calls.first?.program)
    #expect(program.layer?.path == "/layers/one" && program.source.hasPrefix("def main"))
    #expect(supply.requests.count == 2 && Set(supply.requests).count == 1)
  }

  @Test func aPackagesFunctionIsImported() async throws {
    let supply = FakeSupply()
    let harness = RuntimeHarness.withCode(sandbox, supply: supply)
    try await harness.codeAgent(
      ["type": "package", "content": "support-bot==1.2", "entryPoint": "answer", "dependencies": ["a==1"]])
    #expect(supply.requests.first?.requirements.map(\.description) == ["a==1", "support-bot==1.2"])
    let probe = try #require(sandbox.calls.first)
    #expect(probe.input == ["module": "support_bot", "name": "answer"] && !probe.hasModel)
    #expect(probe.program.entryPoint == "probe" && probe.program.layer?.path == "/layers/one")
    _ = try await harness.chat([.user("q")])
    let program = try #require(sandbox.calls.last?.program)
    #expect(program.source == "from support_bot import answer\n" && program.entryPoint == "answer")
    #expect(program.layer?.path == "/layers/one")
  }

  @Test func aRepositorysFileIsTheSource() async throws {
    let supply = FakeSupply(files: ["main.py": "def main(x): pass", "src/bot.py": "def main(x): return 1"])
    let harness = RuntimeHarness.withCode(sandbox, supply: supply)
    try await harness.codeAgent(["type": "repository", "content": .string(repository)])
    #expect(supply.requests.first?.repository?.url == "https://git.example.com/team/bot")
    #expect(supply.requests.first?.repository?.commit == commit)
    #expect(sandbox.checked.map(\.source) == ["def main(x): pass"])
    let update: JSONObject = [
      "template_config": [
        "codeSource": ["type": "repository", "content": .string(repository + "#src/bot.py")], "runtime": [:],
      ]
    ]
    _ = try await harness.catalog.update("a", update)
    _ = try await harness.chat([.user("q")])
    let program = try #require(sandbox.calls.last?.program)
    #expect(program.source == "def main(x): return 1" && program.layer?.path == "/layers/one")
  }

  @Test func aRepositoryInJavaScriptIsOneFile() async throws {
    let supply = FakeSupply(hasIndex: false, files: ["main.js": "export const main = 1"])
    let harness = RuntimeHarness.withCode(sandbox, supply: supply)
    let runtime: JSONObject = ["language": "javascript"]
    try await harness.codeAgent(["type": "repository", "content": .string(repository)], runtime: runtime)
    #expect(sandbox.checked.map(\.source) == ["export const main = 1"] && sandbox.checked.map(\.layer) == [nil])
  }

  @Test func faultsOfTheTextAreAllToldBeforeAnythingIsGot() async throws {
    let supply = FakeSupply()
    let found = await faults(
      supply, ["type": "package", "content": "a", "dependencies": ["b", "c==1", "C==2", "c==1;x"]])
    #expect(found.keys.sorted() == [content, "\(dependencies)[0]", "\(dependencies)[2]", "\(dependencies)[3]"])
    #expect(found["\(dependencies)[2]"]?.contains("twice") == true)
    let elsewhere = await faults(
      supply, ["type": "repository", "content": .string("https://evil.example/b@\(commit)")])
    #expect(elsewhere[content]?.contains("allowed: git.example.com") == true)
    let script = await faults(
      supply, ["type": "package", "content": "a==1", "dependencies": ["b==1"]], runtime: ["language": "javascript"])
    #expect(script.count == 2 && script.values.allSatisfy { $0.contains("for python alone") })
    let many = JSONValue.array((0...100).map { .string("p\($0)==1") })
    #expect(await faults(supply, ["dependencies": many])[dependencies]?.contains("more than 100") == true)
    #expect(supply.requests.isEmpty && sandbox.checked.count == 1)
  }

  @Test func halfOfItMayBeOff() async throws {
    let packages = FakeSupply(hosts: [])
    let off = await faults(packages, ["type": "repository", "content": .string(repository)])
    #expect(off["body.template_config.codeSource.type"]?.contains("CODE_REPOSITORY_HOSTS") == true)
    let repositories = FakeSupply(hasIndex: false)
    let source: JSONObject = ["type": "repository", "content": .string(repository), "dependencies": ["a==1"]]
    #expect(await faults(repositories, source)[dependencies]?.contains("CODE_PACKAGE_INDEX") == true)
  }

  @Test func whatCannotBeHadIsToldWhereItWasAskedFor() async throws {
    let (package, other) = (try CodeRequirement("bot==1"), try CodeRequirement("b==2"))
    let supply = FakeSupply(
      refusing: .init(.requirement(package), type: "not_found", "no bot"),
      .init(.requirement(other), type: "not_found", "no b"), .init(.whole, type: "too_large", "too much"))
    let found = await faults(supply, ["type": "package", "content": "bot==1", "dependencies": ["a==1", "b==2"]])
    #expect(found == [content: "no bot & too much", "\(dependencies)[1]": "no b"])
    sandbox.find([SandboxFault(line: 2, message: "bad")])
    let inline = await faults(supply, ["dependencies": ["b==2"]])
    #expect(inline == [content: "line 2: bad", "\(dependencies)[0]": "no b", dependencies: "no bot & too much"])
  }

  @Test func faultsOfARepositoryNameTheFile() async throws {
    let supply = FakeSupply(files: ["a.py": "def"])
    sandbox.find([SandboxFault(line: 1, column: 4, message: "bad")])
    let found = await faults(supply, ["type": "repository", "content": .string(repository + "#a.py")])
    #expect(found == [content: "a.py, line 1, column 4: bad"])
    let missing = await faults(supply, ["type": "repository", "content": .string(repository)])
    #expect(missing == [content: "the file 'main.py' is not in that commit"])
  }

  @Test(
    arguments: [
      (.value("there is no module bot"), "there is no module bot"),
      (
        .exception(SandboxException(name: "ImportError", message: "no libssl")),
        "cannot be imported: ImportError: no libssl"
      ),
      (.timeout, "longer than runtime.timeout"), (.memoryLimit, "runtime.memoryLimit"),
      (.crashed("signal 11"), "signal 11"),
      (.outputLimit, "prints more"),
    ] as [(SandboxOutcome, String)])
  func aPackageThatCannotBeImportedIsRefused(outcome: SandboxOutcome, words: String) async throws {
    let harness = RuntimeHarness.withCode(FakeSandbox(outcome), supply: FakeSupply())
    let error = await runtimeError { try await harness.codeAgent(["type": "package", "content": "bot==1"]) }
    #expect(error?.faultList == ["\(content): invalid_code"] && error?.message.contains(words) == true)
  }
}

/// What happens where it cannot be had now.
@Suite(.timeLimit(.minutes(1)))
struct CustomCodeSupplyOutageTests {
  @Test func nothingIsStoredWhileTheIndexIsAway() async throws {
    let supply = FakeSupply { _ in throw CodeSupplyUnavailable("the index does not answer") }
    let harness = RuntimeHarness.withCode(FakeSandbox(), supply: supply)
    let error = await runtimeError { try await harness.codeAgent(["dependencies": ["a==1"]]) }
    #expect(error?.code == .serviceUnavailable && error?.message.contains("does not answer") == true)
    #expect(await runtimeError { _ = try await harness.catalog.agent("a") }?.code == .agentNotFound)
  }

  @Test func withoutASandboxNothingIsGot() async throws {
    let supply = FakeSupply()
    let change = try await RuntimeHarness.withCode(nil, supply: supply).codeAgent(["dependencies": ["a==1"]])
    #expect(change.warnings.count == 1 && supply.requests.isEmpty)
    let unknown = RuntimeHarness.withCode(FakeSandbox(), supply: supply)
    _ = await runtimeError { try await unknown.codeAgent(["dependencies": ["a==1"]], runtime: ["version": "2.7"]) }
    #expect(supply.requests.isEmpty)
  }

  @Test func anUpdateThatLeavesTheCodeGetsNothing() async throws {
    let (sandbox, supply) = (FakeSandbox(), FakeSupply())
    let harness = RuntimeHarness.withCode(sandbox, supply: supply)
    try await harness.codeAgent(["dependencies": ["a==1"]])
    #expect(try await harness.catalog.update("a", ["name": "B"]).agent.revision == 2)
    #expect(supply.requests.count == 1 && sandbox.checked.count == 1)
  }

  @Test(arguments: [true, false])
  func aRunThatCannotHaveItFails(isForNow: Bool) async throws {
    let isAway = Recorded<Bool>()
    let supply = FakeSupply { _ in
      if isAway.all.isEmpty { return SandboxLayer(path: "/layers/one") }
      if isForNow { throw CodeSupplyUnavailable("the index does not answer") }
      throw CodeRefused([.init(.whole, type: "not_found", "a==1 is gone")])
    }
    let harness = RuntimeHarness.withCode(FakeSandbox(.value("x")), supply: supply)
    try await harness.codeAgent(["dependencies": ["a==1"]])
    isAway.add(true)
    let error = try #require(await runtimeError { _ = try await harness.chat([.user("q")]) })
    #expect(error.code == (isForNow ? .serviceUnavailable : .execution))
    #expect(error.message.contains(isForNow ? "does not answer" : "a==1 is gone"))
    let steps = error.details?["execution_steps"]?.arrayValue ?? []
    #expect(steps.map { $0["step"] } == ["validate_code"] && steps.first?["status"] == "error")
  }

  @Test func aRunOfCodeThatIsAllowedNoMoreFails() async throws {
    let harness = RuntimeHarness.withCode(FakeSandbox(), supply: FakeSupply())
    try await harness.codeAgent(["dependencies": ["a==1"]])
    let stricter = RuntimeHarness.withCode(FakeSandbox(), supply: FakeSupply(hasIndex: false))
    _ = try await stricter.store.insertAgent(try await harness.catalog.agent("a"), changes: [])
    let error = try #require(await runtimeError { _ = try await stricter.chat([.user("q")]) })
    #expect(error.code == .execution && error.message.contains("CODE_PACKAGE_INDEX") && error.shouldRetry == false)
  }

  @Test func whoLeavesWaitsNoMore() async throws {
    let handle = RunHandle()
    let waits = Recorded<Bool>()
    let supply = FakeSupply { _ in
      if waits.all.isEmpty { return SandboxLayer(path: "/layers/one") }
      handle.cancel(.disconnected)
      try await CodeGate().pass()
      return SandboxLayer(path: "/layers/one")
    }
    let harness = RuntimeHarness.withCode(FakeSandbox(), supply: supply)
    try await harness.codeAgent(["dependencies": ["a==1"]])
    waits.add(true)
    #expect(await failure { _ = try await harness.chat([.user("q")], handle: handle) } is CancellationError)
  }
}
