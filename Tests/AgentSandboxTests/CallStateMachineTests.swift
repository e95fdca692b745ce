import AgentJSON
import AgentRuntime
import Testing

@testable import AgentSandbox

@Suite struct CallStateMachineTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var frames: [String]
    var isCheck = false
    var textBytesMax = 100
    var verdict: CallStateMachine.Verdict?
    var steps: [CallStateMachine.Step]
    var testDescription: String { name }
  }

  static let value = #"{"type":"result","value":1}"#
  static let rows: [Row] = [
    Row(name: "nothing", frames: [], verdict: nil, steps: []),
    Row(name: "a value", frames: [value], verdict: .value(1, files: [:]), steps: [.finish]),
    Row(
      name: "text, then a value", frames: [#"{"type":"text","text":"a"}"#, value], verdict: .value(1, files: [:]),
      steps: [.pass(text: "a"), .finish]),
    Row(
      name: "a value with files", frames: [#"{"type":"result","value":null,"files":{"a.txt":"aGk="}}"#],
      verdict: .value(.null, files: ["a.txt": Array("hi".utf8)]), steps: [.finish]),
    Row(
      name: "a file in a folder", frames: [#"{"type":"result","value":null,"files":{"../a":"aGk="}}"#],
      verdict: .fault("it sent a file named '../a'"), steps: [.kill]),
    Row(
      name: "a call of the model", frames: [#"{"type":"llm_call","id":7,"messages":[],"options":{"a":1}}"#],
      verdict: nil, steps: [.callModel(id: 7, messages: [], options: ["a": 1])]),
    Row(
      name: "an exception",
      frames: [
        #"{"type":"error","kind":"exception","name":"E","message":"m","frames":[{"line":3,"function":"f","text":"t"}]}"#
      ],
      verdict: .exception(
        SandboxException(name: "E", message: "m", frames: [SandboxFrame(line: 3, function: "f", text: "t")])),
      steps: [.finish]),
    Row(
      name: "a fault of the source",
      frames: [#"{"type":"error","kind":"syntax","name":"S","message":"m","line":2,"column":4}"#],
      verdict: .exception(
        SandboxException(
          .syntax, name: "S", message: "m", frames: [SandboxFrame(line: 2, column: 4, function: "")])),
      steps: [.finish]),
    Row(
      name: "too large", frames: [#"{"type":"error","kind":"result_too_large","name":"","message":""}"#],
      verdict: .resultTooLarge, steps: [.finish]),
    Row(
      name: "too much text", frames: [#"{"type":"text","text":"abcd"}"#, #"{"type":"text","text":"ef"}"#, value],
      textBytesMax: 5, verdict: .tooMuchText, steps: [.pass(text: "abcd"), .kill, .ignore]),
    Row(
      name: "two results", frames: [value, value], verdict: .fault("it wrote after its last frame"),
      steps: [.finish, .kill]),
    Row(
      name: "text after the result", frames: [value, #"{"type":"text","text":"a"}"#, value],
      verdict: .fault("it wrote after its last frame"), steps: [.finish, .kill, .ignore]),
    Row(
      name: "no JSON", frames: ["garbage"],
      verdict: nil, steps: [.kill]),
    Row(name: "a list", frames: ["[]"], verdict: .fault("it sent a frame that is no JSON object"), steps: [.kill]),
    Row(
      name: "an unknown type", frames: [#"{"type":"root"}"#], verdict: .fault("it sent a frame of the type 'root'"),
      steps: [.kill]),
    Row(
      name: "no value", frames: [#"{"type":"result"}"#], verdict: .fault("it sent a frame without 'value'"),
      steps: [.kill]),
    Row(
      name: "a check's answer to a run", frames: [#"{"type":"checked","faults":[]}"#],
      verdict: .fault("it sent a frame out of order"), steps: [.kill]),
    Row(
      name: "a check", frames: [#"{"type":"checked","faults":[{"line":1,"column":2,"message":"m"},{"message":"n"}]}"#],
      isCheck: true,
      verdict: .checked([SandboxFault(line: 1, column: 2, message: "m"), SandboxFault(message: "n")]),
      steps: [.finish]),
    Row(
      name: "a result of a check", frames: [value], isCheck: true, verdict: .fault("it sent a frame out of order"),
      steps: [.kill]),
    Row(
      name: "too deep",
      frames: [
        #"{"type":"result","value":"# + String(repeating: "[", count: 300) + String(repeating: "]", count: 300) + "}"
      ],
      verdict: .exception(
        SandboxException(
          .unserializable, name: "ValueError", message: "the value is nested deeper than 256 levels")),
      steps: [.finish]),
  ]

  @Test(arguments: rows)
  func framesMeanWhatTheProtocolSays(row: Row) {
    var machine = CallStateMachine(isCheck: row.isCheck, textBytesMax: row.textBytesMax)
    let steps = row.frames.map { machine.take(Array($0.utf8)) }
    #expect(steps == row.steps)
    if row.name == "no JSON" {
      guard case .fault = machine.verdict else {
        Issue.record("no fault")
        return
      }
    } else {
      #expect(machine.verdict == row.verdict)
    }
  }

  @Test func aFrameThatIsTooLongIsAResultThatIsTooLarge() {
    var machine = CallStateMachine()
    let got1 = machine.takeTooLong(.init(length: 2, lengthMax: 1))
    #expect(got1 == .kill)
    #expect(machine.verdict == .resultTooLarge)
  }

  @Test func halfAFrameAfterTheLastOneIsAFault() {
    var machine = CallStateMachine()
    machine.takeCut()
    #expect(machine.verdict == nil)
    _ = machine.take(Array(Self.value.utf8))
    machine.takeCut()
    #expect(machine.verdict == .fault("it wrote after its last frame"))
  }
}

@Suite struct CallOutcomeTests {
  private static let exception = SandboxException(name: "E", message: "m")

  @Test(arguments: [
    (WorkerEnd.Cause.exited, 0, "crashed"), (.exited, 3, "crashed"), (.signal, 11, "crashed"), (.timeout, 0, "timeout"),
    (.processorTime, 0, "timeout"), (.memory, 0, "memory_limit"), (.output, 0, "output_limit"),
    (.killed, 0, "crashed"), (.whileWaiting, 0, "crashed"),
  ])
  func withoutFramesTheEndTells(cause: WorkerEnd.Cause, code: Int, name: String) {
    #expect(SandboxOutcome(nil, WorkerEnd(cause: cause, code: code)).name == name)
  }

  @Test(arguments: [
    WorkerEnd.Cause.exited, .signal, .timeout, .memory, .killed, .processorTime,
  ])
  func aLastFrameCountsHoweverTheProcessEnded(cause: WorkerEnd.Cause) {
    let end = WorkerEnd(cause: cause)
    #expect(SandboxOutcome(.value(1, files: [:]), end) == .value(1))
    #expect(SandboxOutcome(.exception(Self.exception), end) == .exception(Self.exception))
    #expect(SandboxOutcome(.resultTooLarge, end) == .resultTooLarge)
    #expect(SandboxOutcome(.tooMuchText, end) == .outputLimit)
    #expect(SandboxOutcome(.fault("x"), end).name == "crashed")
  }

  @Test func aFloodOfOutputIsNotExcusedByAResult() {
    #expect(SandboxOutcome(.value(1, files: [:]), WorkerEnd(cause: .output)) == .outputLimit)
  }

  @Test(arguments: [("MemoryError", ""), ("RangeError", "Array buffer allocation failed")])
  func arefusedAllocationIsTheMemoryLimit(name: String, message: String) {
    let exception = SandboxException(name: name, message: message)
    #expect(SandboxOutcome(.exception(exception), WorkerEnd(cause: .exited)) == .memoryLimit)
  }
}
