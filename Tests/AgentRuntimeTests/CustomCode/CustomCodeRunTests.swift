import AgentJSON
import AgentTesting
import Logging
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct CustomCodeRunTests {
  @Test func theCodeGetsTheRequestAndItsValueIsTheAnswer() async throws {
    let sandbox = FakeSandbox(.value("hello"), stdout: "out", stderr: "err")
    let harness = RuntimeHarness.withCode(sandbox)
    try await harness.codeAgent(
      ["entryPoint": "start"], runtime: ["version": "3.11", "timeout": 1.5, "memoryLimit": 100])
    let parts: JSONObject = [
      "role": "user",
      "content": [["type": "text", "text": "see"], ["type": "image_url", "image_url": ["url": "data:,x"]]],
    ]
    let result = try await harness.chat([Message(role: .user, json: parts)], session: "s", user: "u")
    #expect(result.completion.message.json == ["role": "assistant", "content": "hello"])
    #expect(result.completion.finishReason == "stop" && result.usage == nil && result.agentType == "custom")
    let steps = result.steps.map(\.json)
    #expect(steps.map { $0["step"] } == ["validate_code", "execute_code"])
    #expect(steps.map { $0["status"] } == ["completed", "completed"])
    #expect(steps.map { $0["stdout"] } == [nil, "out"] && steps.map { $0["stderr"] } == [nil, "err"])
    let call = try #require(sandbox.calls.first)
    #expect(call.program.entryPoint == "start" && call.program.version == "3.11" && call.program.language == .python)
    #expect(call.limits.timeout == .milliseconds(1500) && call.limits.memoryMB == 100 && call.hasModel)
    #expect(call.input["messages"] == [.object(parts)])
    #expect(call.input["system_prompt"] == "be kind")
    #expect(call.input["config"]?["codeSource"]?["entryPoint"] == "start")
    #expect(call.input["metadata"] == ["session_id": "s", "user_id": "u"])
    #expect(call.input.objectValue?.keys == ["messages", "system_prompt", "config", "metadata"])
    #expect(harness.runs.count == 0 && harness.runs.waitingCount == 0)
  }

  @Test(
    arguments: [
      ("text", "text"), ("", ""), (["a": [1, true, .null]], #"{"a":[1,true,null]}"#), (.null, "null"), (1.5, "1.5"),
    ] as [(JSONValue, String)])
  func valuesThatAreNoTextAreJSON(value: JSONValue, text: String) async throws {
    let harness = RuntimeHarness.withCode(FakeSandbox(.value(value)))
    try await harness.codeAgent()
    let streamed = Recorded<ChatDelta>()
    let result = try await harness.chat([.user("q")]) { deltas in deltas.forEach(streamed.add) }
    #expect(result.completion.message.text == text)
    #expect(streamed.all.compactMap(\.content).joined() == text)
  }

  @Test func piecesReachTheCallerAsTheyCome() async throws {
    let (seen, gate) = (Recorded<String>(), CodeGate())
    let sandbox = FakeSandbox { _, host in
      try await host.take("one ")
      try await gate.pass()
      try await host.take("two")
      return SandboxReport(.value(.null))
    }
    let harness = RuntimeHarness.withCode(sandbox)
    try await harness.codeAgent()
    let result = try await harness.chat([.user("q")]) { deltas in
      for delta in deltas { seen.add(delta.content ?? "") }
      // Only because the first piece came before the code went on can it go on.
      gate.open()
    }
    #expect(seen.all == ["one ", "two"])
    #expect(result.completion.message.text == "one two")
  }

  @Test(
    arguments: [
      (.timeout, "timeout", "runtime.timeout allows (30 s)"), (.memoryLimit, "memory_limit", "(512 MB)"),
      (.outputLimit, "output_limit", "printed"), (.resultTooLarge, "result_too_large", "8388608 bytes"),
      (.crashed("signal 11"), "crashed", "signal 11"),
      (.exception(.init(.cyclic, name: "ValueError", message: "contains itself")), "cyclic", "contains itself"),
    ] as [(SandboxOutcome, String, String)])
  func codeThatFailsEndsTheRun(outcome: SandboxOutcome, kind: String, words: String) async throws {
    let harness = RuntimeHarness.withCode(FakeSandbox(outcome, stdout: "so far"))
    try await harness.codeAgent()
    let error = try #require(await runtimeError { _ = try await harness.chat([.user("q")]) })
    #expect(error.code == .execution && error.status == 500 && error.shouldRetry == false)
    #expect(error.message.contains(words) && error.details?["outcome"] == .string(kind))
    let step = try #require(error.details?["execution_steps"]?.arrayValue?.last)
    #expect(step["step"] == "execute_code" && step["status"] == "error" && step["stdout"] == "so far")
    #expect(step["error"]?.stringValue?.contains(words) == true)
    #expect(harness.statistics.figures.failed == 1)
  }

  @Test func anExceptionComesWithTheUsersFrames() async throws {
    let exception = SandboxException(
      name: "ValueError", message: "secret of the prompt",
      frames: [
        SandboxFrame(line: 7, function: "main", text: "return work(input)"),
        SandboxFrame(line: 3, column: 9, function: "work", text: "raise ValueError(x)"),
      ])
    let harness = RuntimeHarness.withCode(FakeSandbox(.exception(exception)))
    try await harness.codeAgent()
    let error = try #require(await runtimeError { _ = try await harness.chat([.user("q")]) })
    #expect(error.message == "The agent's code failed: ValueError: secret of the prompt (line 3, in work)")
    #expect(
      error.details?["traceback"] == """
        Traceback (most recent call last):
          line 7, in main
            return work(input)
          line 3, column 9, in work
            raise ValueError(x)
        ValueError: secret of the prompt
        """)
    #expect(error.details?["exception"] == "ValueError")
    #expect(error.logText == "the agent's code failed (exception)")
  }

  @Test func aTracebackIsBounded() {
    let frame = SandboxFrame(line: 1, function: "f", text: String(repeating: "x", count: 10_000))
    let exception = SandboxException(
      name: String(repeating: "N", count: 10_000), message: String(repeating: "m", count: 100_000),
      frames: Array(repeating: frame, count: 1000))
    #expect(exception.traceback.utf8.count < 40_000 && exception.summary.utf8.count < 1000)
  }

  @Test func withoutASandboxTheCallerIsToldWhy() async throws {
    let harness = RuntimeHarness.withCode(nil)
    try await harness.codeAgent()
    let error = try #require(await runtimeError { _ = try await harness.chat([.user("q")]) })
    #expect(error.code == .serviceUnavailable && error.status == 503 && error.shouldRetry == false)
    #expect(error.message == "Code execution is not available: this runtime has no sandbox")
    #expect(!harness.executor.canRunCode)
  }

  @Test func aSandboxThatCannotRunSaysWhy() async throws {
    let sandbox = FakeSandbox(.value("x"))
    let harness = RuntimeHarness.withCode(sandbox)
    try await harness.codeAgent()
    #expect(harness.executor.canRunCode)
    sandbox.fail(SandboxUnavailable("the supervisor died; it is started again"))
    let now = try #require(await runtimeError { _ = try await harness.chat([.user("q")]) })
    #expect(now.code == .serviceUnavailable && now.message.contains("the supervisor died"))
    sandbox.refuse("user namespaces are off")
    let never = try #require(await runtimeError { _ = try await harness.chat([.user("q")]) })
    #expect(never.code == .serviceUnavailable && never.message.contains("user namespaces are off"))
    #expect(never.details?["execution_steps"]?.arrayValue?.map { $0["step"] } == ["validate_code"])
    #expect(!harness.executor.canRunCode)
  }

  @Test func whoLeavesEndsTheCode() async throws {
    let (started, ended) = (Recorded<Bool>(), Recorded<Bool>())
    let handle = RunHandle()
    let sandbox = FakeSandbox { _, _ in
      started.add(true)
      handle.cancel(.disconnected)
      do {
        try await CodeGate().pass()
      } catch {
        ended.add(Task.isCancelled)
        throw error
      }
      return SandboxReport(.value(.null))
    }
    let harness = RuntimeHarness.withCode(sandbox)
    try await harness.codeAgent()
    let error = await failure { _ = try await harness.chat([.user("q")], handle: handle) }
    #expect(error is CancellationError)
    #expect(started.all == [true] && ended.all == [true])
  }

  @Test(arguments: [false, true])
  func whatCodePrintsIsLoggedOnlyWithLogContent(logsContent: Bool) async throws {
    let lines = Recorded<String>()
    let sandbox = FakeSandbox(.value("answer"), stdout: "private-out", stderr: "private-err")
    let harness = RuntimeHarness.withCode(sandbox, logsContent: logsContent, logger: .recording(into: lines))
    try await harness.codeAgent()
    _ = try await harness.chat([.user("q")])
    let text = lines.all.joined(separator: "\n")
    #expect(text.contains("execute_code"))
    #expect(text.contains("private-out") == logsContent && text.contains("private-err") == logsContent)
  }

  @Test func approvalsAreNoneOfItsBusiness() async throws {
    let harness = RuntimeHarness.withCode(FakeSandbox(.value("x")))
    try await harness.codeAgent()
    let error = try #require(
      await runtimeError {
        _ = try await harness.chat([], session: "s", approvals: [["id": "1", "decision": "approve"]])
      })
    #expect(error.faultList == ["body.metadata.approvals: unknown"])
  }
}
