import AgentJSON
import AgentRuntime
import Synchronization
import Testing

@testable import AgentTools

@Suite(.timeLimit(.minutes(1)))
struct CodeInterpreterTests {
  private static func call(
    _ source: CodeInterpreterSource, _ code: String = "1", session: String? = "s", agent: String = "a",
    keeping keptBytes: Int = 1000, outputBytesMax: Int = 64 << 10
  ) async throws -> (output: ToolOutput, json: JSONValue) {
    let tool = try #require(try await source.tools().first)
    let output = try await tool.call(
      ["language": "python", "code": .string(code)],
      ToolContext(
        idempotencyKey: "k", requestID: "r", agentID: agent, runID: "run", sessionID: session,
        keptFilesBytesMax: keptBytes, outputBytesMax: outputBytesMax))
    return (output, try JSONValue(parsing: output.text))
  }

  @Test func runsTheWholeSourceAndTellsWhatCameOut() async throws {
    let sandbox = Interpreter { _ in SandboxReport(.value("3"), stdout: "out", stderr: "err") }
    let (output, json) = try await Self.call(CodeInterpreterSource(sandbox), "1 + 2")
    #expect(json == ["result": "3", "stdout": "out", "stderr": "err"] && !output.isError)
    let call = try #require(sandbox.calls.first)
    #expect(call.program == SandboxProgram(language: .python, source: "1 + 2", entryPoint: nil))
    #expect(!call.hasModel && call.limits.timeout == .seconds(25) && call.limits.filesBytesMax == 1000)
  }

  @Test func aFailureIsAnErrorWithWhatWasPrinted() async throws {
    let exception = SandboxException(
      name: "ValueError", message: "no", frames: [SandboxFrame(line: 2, function: "<module>", text: "raise")])
    let failing = Interpreter { _ in SandboxReport(.exception(exception), stdout: "so far") }
    let (output, json) = try await Self.call(CodeInterpreterSource(failing))
    #expect(output.isError && json["stdout"] == "so far")
    #expect(json["error"]?.stringValue?.hasSuffix("line 2, in <module>\n    raise\nValueError: no") == true)
    for outcome in [SandboxOutcome.timeout, .memoryLimit, .outputLimit, .resultTooLarge, .crashed("signal 9")] {
      let (output, json) = try await Self.call(CodeInterpreterSource(Interpreter { _ in SandboxReport(outcome) }))
      #expect(output.isError && json["error"]?.stringValue?.isEmpty == false)
    }
  }

  @Test func eachPartHasItsShare() async throws {
    let flood = String(repeating: "界", count: 100_000)
    let sandbox = Interpreter { _ in SandboxReport(.value(.string(flood)), stdout: flood, stderr: "short") }
    let (output, json) = try await Self.call(CodeInterpreterSource(sandbox), outputBytesMax: 4000)
    #expect(output.text.utf8.count < 4000 && json["stderr"] == "short")
    #expect(json["stdout"]?.stringValue?.hasSuffix("界\n[cut: 300000 bytes, of which 1000 are shown]") == true)
  }

  @Test func offersWhatCanBeRun() async throws {
    let sandbox = Interpreter { _ in SandboxReport(.value(.null)) }
    sandbox.set(SandboxStatus(languages: [.python: .init(versions: ["3.11"]), .javascript: .init(versions: ["2"])]))
    let source = CodeInterpreterSource(sandbox)
    let tool = try #require(try await source.tools().first)
    #expect(tool.definition.parameters["properties"]?["language"]?["enum"] == ["python"])
    #expect(source.health.isReachable == true && source.health.toolCount == 1)
    #expect(source.toolset.name == "code_interpreter" && source.toolset.policy.timeout == .seconds(30))
    sandbox.set(SandboxStatus(refusal: "no namespaces"))
    await #expect(throws: ToolError.self) { _ = try await source.tools() }
    #expect(source.health.isReachable == false && source.health.problem == "no namespaces")
  }

  @Test func aSessionsFilesAreThereInItsNextCall() async throws {
    let sandbox = Interpreter { call in
      var files = call.files
      files["n"] = (files["n"] ?? []) + [UInt8(ascii: "x")]
      return SandboxReport(.value(.null), files: files)
    }
    let source = CodeInterpreterSource(sandbox)
    #expect(try await Self.call(source).json["files"] == ["n": 1])
    #expect(try await Self.call(source).json["files"] == ["n": 2])
    #expect(try await Self.call(source, session: "other").json["files"] == ["n": 1])
    #expect(try await Self.call(source, agent: "b").json["files"] == ["n": 1])
    #expect(try await Self.call(source, session: nil).json == [:])
    #expect(try await Self.call(source, keeping: 0).json == [:])
    #expect(sandbox.calls.map { $0.files["n"]?.count ?? 0 } == [0, 1, 0, 0, 0, 0])
    #expect(sandbox.calls.map(\.limits.filesBytesMax) == [1000, 1000, 1000, 1000, 0, 0])
    await source.forget(agentID: "a", sessionID: "s")
    #expect(try await Self.call(source).json["files"] == ["n": 1])
    #expect(try await Self.call(source, session: "other").json["files"] == ["n": 2])
    await source.forget(agentID: "a", sessionID: nil)
    #expect(try await Self.call(source, session: "other").json["files"] == ["n": 1])
    #expect(try await Self.call(source, agent: "b").json["files"] == ["n": 2])
  }

  @Test func filesThatAreTooLargeAreNotKept() async throws {
    let sandbox = Interpreter { call in
      SandboxReport(.value(.null), files: ["n": Array(repeating: 0, count: call.files.isEmpty ? 10 : 2000)])
    }
    let source = CodeInterpreterSource(sandbox)
    #expect(try await Self.call(source).json["files"] == ["n": 10])
    #expect(try await Self.call(source).json["files_not_kept"]?.stringValue?.contains("1000 bytes") == true)
    _ = try await Self.call(source)
    #expect(sandbox.calls.map { $0.files["n"]?.count } == [nil, 10, 10])
  }

  @Test(arguments: [SandboxOutcome.timeout, .exception(SandboxException(name: "E", message: ""))])
  func codeThatFailedLeavesTheFilesAsTheyWere(outcome: SandboxOutcome) async throws {
    let sandbox = Interpreter { call in
      call.files.isEmpty ? SandboxReport(.value(.null), files: ["n": [1]]) : SandboxReport(outcome, files: [:])
    }
    let source = CodeInterpreterSource(sandbox)
    for _ in 0..<3 { _ = try await Self.call(source) }
    #expect(sandbox.calls.map { $0.files["n"] } == [nil, [1], [1]])
  }

  @Test func aSandboxThatIsGoneIsToldOf() async throws {
    let sandbox = Interpreter { _ in throw SandboxUnavailable("the supervisor died") }
    let error = await #expect(throws: ToolError.self) { _ = try await Self.call(CodeInterpreterSource(sandbox)) }
    #expect(error?.message.contains("the supervisor died") == true)
  }
}

struct SessionFilesTests {
  private static func key(_ session: String) -> SessionFiles.Key { .init(agentID: "a", sessionID: session) }

  private static func keep(
    _ files: SessionFiles, _ made: SessionFiles.Files, insteadOf given: SessionFiles.Files = [:], _ session: String
  ) -> SessionFiles.Files? {
    files.keep(made, insteadOf: given, of: key(session), bytesMax: 100, countMax: 3)
  }

  @Test func whatWasUsedLongestAgoGoesFirst() {
    let files = SessionFiles(bytesMax: 30)
    for session in ["1", "2", "3"] { _ = Self.keep(files, ["f": Array(repeating: 0, count: 9)], session) }
    _ = files.files(Self.key("1"))
    _ = Self.keep(files, ["f": [0]], "4")
    #expect(["1", "2", "3", "4"].map { files.files(Self.key($0)).isEmpty } == [false, true, false, false])
  }

  @Test func callsThatRunAtOnceKeepEachOthersFiles() {
    let files = SessionFiles(bytesMax: 1000)
    let given: SessionFiles.Files = ["old": [0], "gone": [0]]
    _ = Self.keep(files, given, "s")
    _ = Self.keep(files, ["old": [0], "gone": [0], "one": [1]], insteadOf: given, "s")
    #expect(Self.keep(files, ["old": [2]], insteadOf: given, "s") == ["old": [2], "one": [1]])
  }

  @Test func thereIsABoundOfFilesAndOfBytes() {
    let files = SessionFiles(bytesMax: 1000)
    #expect(Self.keep(files, ["1": [], "2": [], "3": [], "4": []], "s") == nil)
    #expect(Self.keep(files, ["1": Array(repeating: 0, count: 100)], "s") == nil)
    #expect(Self.keep(files, ["1": Array(repeating: 0, count: 99)], "s") != nil)
    #expect(Self.keep(files, [:], insteadOf: ["1": Array(repeating: 0, count: 99)], "s") == [:])
  }
}

/// Runs no code: comes to what a test says.
private final class Interpreter: Sandbox {
  private struct State {
    var status = SandboxStatus(
      languages: [.python: .init(versions: ["3.11.2"]), .typescript: .init(versions: ["2.9.8"])])
    var calls: [SandboxCall] = []
  }

  private let state = Mutex(State())
  private let work: @Sendable (SandboxCall) throws -> SandboxReport

  init(_ work: @escaping @Sendable (SandboxCall) throws -> SandboxReport) { self.work = work }

  var calls: [SandboxCall] { state.withLock { $0.calls } }
  var status: SandboxStatus { state.withLock { $0.status } }
  func set(_ status: SandboxStatus) { state.withLock { $0.status = status } }

  func check(_ program: SandboxProgram) async throws -> [SandboxFault] { [] }

  func run(_ call: SandboxCall, host: any SandboxHost) async throws -> SandboxReport {
    state.withLock { $0.calls.append(call) }
    return try work(call)
  }
}
