import AgentJSON
import AgentRuntime
import AgentSandbox
import Foundation
import NIOPosix
import Synchronization
import Testing

/// Where the supervisor is: beside the tests, where `swift build` puts it.
private let supervisor = Bundle.main.executableURL.map {
  $0.deletingLastPathComponent().appendingPathComponent("apus-sandbox").path
}

/// Runs a test with a sandbox that is ready.
func withSandbox(
  _ change: (inout ProcessSandbox.Configuration) -> Void = { _ in },
  _ body: @escaping @Sendable (ProcessSandbox) async throws -> Void
) async throws {
  var configuration = ProcessSandbox.Configuration(supervisor: try #require(supervisor))
  configuration.pythonIdle = 2
  change(&configuration)
  let sandbox = ProcessSandbox(configuration, group: .singleton)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { await sandbox.run() }
    group.addTask {
      do {
        try await body(sandbox)
      } catch let error as SandboxUnavailable
        where sandbox.status.isolation == nil && error.message.contains("namespaces")
      {
        Issue.record("this machine allows no isolation: \(error)", severity: .warning)
      }
    }
    try await group.next()
    group.cancelAll()
  }
}

/// Notes what a program asks of its host.
final class NotingHost: SandboxHost {
  let texts = Mutex<[String]>([])
  let calls = Mutex<[[JSONValue]]>([])
  private let reply: @Sendable ([JSONValue]) async throws -> JSONObject

  init(_ reply: @escaping @Sendable ([JSONValue]) async throws -> JSONObject = { _ in ["content": "hello"] }) {
    self.reply = reply
  }

  func take(_ text: String) async throws { texts.withLock { $0.append(text) } }

  func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject {
    calls.withLock { $0.append(messages) }
    return try await reply(messages)
  }
}

@Suite(.timeLimit(.minutes(2)), .serialized)
struct LiveSandboxTests {
  private func python(_ source: String, input: JSONValue = .null, entryPoint: String? = "main") -> SandboxCall {
    var call = SandboxCall(
      SandboxProgram(language: .python, source: source, entryPoint: entryPoint), input: input, hasModel: true)
    call.limits.timeout = .seconds(10)
    return call
  }

  @Test func valuesComeBackAsTheyWent() async throws {
    try await withSandbox { sandbox in
      let values: [JSONValue] = [
        .null, true, 1, -9_007_199_254_740_993, 1.5, "grüße 😀\n", [], [1, [2, ["a": .null]]],
        ["a": 1, "b": ["c": "d"]],
      ]
      for value in values {
        let report = try await sandbox.run(python("def main(x):\n  return x", input: value), host: NotingHost())
        #expect(report.outcome == .value(value))
      }
      #expect(sandbox.status.canRun)
      #expect(sandbox.status.languages[.python]?.versions.isEmpty == false)
    }
  }

  @Test func whatCodeDoesIsToldByTheOutcome() async throws {
    try await withSandbox { sandbox in
      func outcome(_ source: String, _ change: (inout SandboxCall) -> Void = { _ in }) async throws -> SandboxReport {
        var call = python(source)
        change(&call)
        return try await sandbox.run(call, host: NotingHost())
      }
      let failing = try await outcome("def main(x):\n  y = 1\n  raise ValueError('no')").outcome
      guard case .exception(let exception) = failing else {
        Issue.record("\(failing)")
        return
      }
      #expect(exception.kind == .exception && exception.name == "ValueError" && exception.message == "no")
      #expect(exception.frames.map(\.line) == [3] && exception.frames[0].function == "main")
      let endless = try await outcome("def main(x):\n  while True: pass") { $0.limits.timeout = .milliseconds(300) }
      #expect(endless.outcome == .timeout)
      let greedy = try await outcome("def main(x):\n  return len('x' * (10**9))") { $0.limits.memoryMB = 64 }
      #expect(greedy.outcome == .memoryLimit)
      let large = try await outcome("def main(x):\n  return 'x' * 100000") { $0.limits.resultBytesMax = 1000 }
      #expect(large.outcome == .resultTooLarge)
      let printing = try await outcome("import sys\ndef main(x):\n  print('out')\n  print('err', file=sys.stderr)")
      #expect(printing.outcome == .value(.null) && printing.stdout == "out\n" && printing.stderr == "err\n")
      let fake = try await outcome("import os\ndef main(x):\n  os.write(3, b'\\x02\\x00\\x00\\x00{}')\n  return 1")
        .outcome
      guard case .crashed = fake else {
        Issue.record("\(fake)")
        return
      }
      let dead = try await outcome("import os\ndef main(x):\n  os._exit(7)").outcome
      #expect(dead == .crashed("its process ended by itself with status 7"))
      #expect(try await outcome("def main(x):\n  return 'clean'").outcome == .value("clean"))
    }
  }

  @Test func piecesAndModelCallsReachTheHost() async throws {
    try await withSandbox { sandbox in
      let host = NotingHost()
      let source = """
        async def main(x):
          answer = await llm.achat([{"role": "user", "content": "hi"}])
          yield "model: "
          yield answer["content"]
        """
      let report = try await sandbox.run(python(source), host: host)
      #expect(host.texts.withLock { $0.joined() } == "model: hello")
      #expect(host.calls.withLock { $0 } == [[["role": "user", "content": "hi"]]])
      guard case .value = report.outcome else {
        Issue.record("\(report.outcome)")
        return
      }
      let refusing = NotingHost { _ in throw SandboxRefusal("enough") }
      let refused = try await sandbox.run(
        python("def main(x):\n  try: llm.chat([])\n  except Exception as e: return str(e)"), host: refusing)
      #expect(refused.outcome == .value("enough"))
      let failing = NotingHost { _ in throw SandboxUnavailable("gone") }
      await #expect(throws: SandboxUnavailable.self) {
        _ = try await sandbox.run(python("def main(x):\n  return llm.chat([])"), host: failing)
      }
    }
  }

  @Test func faultsAreFoundBeforeItRuns() async throws {
    try await withSandbox { sandbox in
      let syntax = try await sandbox.check(SandboxProgram(language: .python, source: "def main(x):\n  return (1"))
      #expect(syntax.count == 1 && syntax[0].line == 2)
      let missing = try await sandbox.check(SandboxProgram(language: .python, source: "def other(x): pass"))
      #expect(missing.count == 1 && missing[0].message.contains("main"))
      #expect(try await sandbox.check(SandboxProgram(language: .python, source: "def main(x): pass")).isEmpty)
    }
  }

  @Test func aBurstIsServedAndACancelledCallEnds() async throws {
    try await withSandbox { sandbox in
      try await withThrowingTaskGroup(of: SandboxOutcome.self) { group in
        for number in 0..<40 {
          group.addTask {
            try await sandbox.run(python("def main(x):\n  return x", input: .integer(number)), host: NotingHost())
              .outcome
          }
        }
        let values = try await group.reduce(into: Set<SandboxOutcome>()) { $0.insert($1) }
        #expect(values == Set((0..<40).map { .value(.integer($0)) }))
      }
      let call = Task { try await sandbox.run(python("def main(x):\n  while True: pass"), host: NotingHost()) }
      try await Task.sleep(for: .milliseconds(100))
      call.cancel()
      await #expect(throws: CancellationError.self) { _ = try await call.value }
      while sandbox.status.languages[.python]?.busy != 0 { await Task.yield() }
    }
  }

  @Test func aMissingSupervisorRefuses() async throws {
    try await withSandbox({ $0.supervisor = "/nonexistent/apus-sandbox" }) { sandbox in
      await #expect(throws: SandboxUnavailable.self) {
        _ = try await sandbox.run(python("def main(x): pass"), host: NotingHost())
      }
      #expect(!sandbox.status.canRun && sandbox.status.refusal?.contains("/nonexistent") == true)
    }
  }
}
