import AgentJSON
import AgentRuntime
import AgentTesting
import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import AgentSandbox

/// The real supervisor, which the build leaves beside the tests, and the interpreters of this machine.
enum RealSandbox {
  private static let environment = ProcessInfo.processInfo.environment

  static var configuration: SandboxConfiguration {
    var configuration = SandboxConfiguration(supervisorPath: supervisorPath)
    configuration.pythonPaths = [environment["APUS_TEST_PYTHON"] ?? "/usr/bin/python3"]
    let deno = environment["APUS_TEST_DENO"] ?? ".venv-sandbox/bin/deno"
    configuration.denoPath =
      deno.hasPrefix("/") ? deno : FileManager.default.currentDirectoryPath + "/" + deno
    configuration.pythonPool = 4
    configuration.denoPool = 2
    configuration.workersMax = 16
    configuration.waitMax = .seconds(60)
    return configuration
  }

  private static var supervisorPath: String {
    let folder = FileManager.default.currentDirectoryPath + "/.build/debug"
    return environment["APUS_TEST_SUPERVISOR"] ?? folder + "/apus-sandbox"
  }

  /// Runs a sandbox for as long as `body` works with it.
  static func with<Result: Sendable>(
    _ configuration: SandboxConfiguration = configuration,
    onCall: @escaping @Sendable (SupervisedSandbox.CallRecord) -> Void = { _ in },
    _ body: @Sendable (SupervisedSandbox) async throws -> Result
  ) async throws -> Result {
    let sandbox = SupervisedSandbox(configuration, logger: Logger(label: "test"), onCall: onCall)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await sandbox.run() }
      defer { group.cancelAll() }
      // A call waits until the supervisor is up, so that the status is known after it.
      _ = try? await sandbox.check(SandboxProgram(language: .python, source: "def main(x):\n  return x"))
      return try await body(sandbox)
    }
  }
}

@Suite(.serialized) struct SupervisedSandboxTests {
  @Test(arguments: SandboxConformance.checks)
  func conforms(check: SandboxConformance.Check) async throws {
    try await RealSandbox.with { sandbox in
      #expect(SandboxConformance.Check.languages(of: sandbox).contains(.python), "\(sandbox.status)")
      try await check.run(on: sandbox)
    }
  }

  @Test func aKilledSupervisorCrashesItsCallsAndIsStartedAgain() async throws {
    try await RealSandbox.with { sandbox in
      let (begun, noteBegun) = AsyncStream.makeStream(of: Void.self)
      let host = ScriptedHost(onText: { _ in noteBegun.finish() })
      let source = "def main(_):\n  yield 'begun'\n  while True:\n    pass"
      async let report = sandbox.run(SandboxCall(SandboxProgram(language: .python, source: source)), host: host)
      for await _ in begun {}
      sandbox.state.withLock { $0.link?.stop() }
      guard case .crashed = try await report.outcome else { throw ConformanceFault() }
      let next = SandboxCall(SandboxProgram(language: .python, source: "def main(n):\n  return n"), input: 5)
      #expect(try await sandbox.run(next, host: ScriptedHost()).outcome == .value(5))
    }
  }

  private struct ConformanceFault: Error {}

  @Test func withoutASupervisorCallsAreRefused() async throws {
    var configuration = SandboxConfiguration(supervisorPath: "/nowhere/apus-sandbox")
    configuration.waitMax = .milliseconds(50)
    let sandbox = SupervisedSandbox(configuration, logger: Logger(label: "test"))
    #expect(!sandbox.status.canRun)
    #expect(sandbox.status.refusal != nil)
  }

  @Test func anInterpreterThatIsMissingIsToldWithItsSetting() async throws {
    var configuration = RealSandbox.configuration
    configuration.denoPath = nil
    try await RealSandbox.with(configuration) { sandbox in
      let call = SandboxCall(SandboxProgram(language: .typescript, source: "function main() {}"))
      await #expect {
        _ = try await sandbox.run(call, host: ScriptedHost())
      } throws: { error in
        (error as? SandboxUnavailable)?.message.contains("SANDBOX_DENO") == true
      }
    }
  }
}

/// How long a warm call takes, printed; run by `APUS_MEASURE=1`.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["APUS_MEASURE"] != nil))
struct SandboxLatency {
  @Test(arguments: SandboxLanguage.allCases) func warmCalls(language: SandboxLanguage) async throws {
    try await RealSandbox.with { sandbox in
      let source = language == .python ? "def main(n):\n  return n" : "export function main(n) { return n; }"
      let call = SandboxCall(SandboxProgram(language: language, source: source), input: 1)
      var (times, walls): ([Duration], [Duration]) = ([], [])
      for _ in 0..<300 {
        let began = ContinuousClock.now
        let report = try await sandbox.run(call, host: ScriptedHost())
        let time = began.duration(to: .now)
        if case .value = report.outcome, !report.usage.wasCold {
          times.append(time)
          walls.append(report.usage.wall)
        }
        try await Task.sleep(for: .milliseconds(language == .python ? 10 : 50))
      }
      times.sort()
      walls.sort()
      let (middle, late) = (times.count / 2, times.count * 99 / 100)
      print("\(language.rawValue): \(times.count) warm, p50 \(times[middle]), p99 \(times[late])")
      print("\(language.rawValue): of that from START to the process's end p50 \(walls[middle])")
    }
  }
}
