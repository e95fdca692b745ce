import AgentJSON
import Testing

@testable import apus

@Suite struct StepLinesTests {
  private static func steps(_ count: Int, last: ChatStep.Status = .running) -> [ChatStep] {
    (1...count).map { ChatStep(name: "step_\($0)", status: $0 == count ? last : .completed, milliseconds: 10) }
  }

  @Test(arguments: [
    (ChatStep(name: "find", status: .completed, milliseconds: 1234.5), 40, "✓ find 1.23 s"),
    (ChatStep(name: "find", status: .completed, milliseconds: 0.4, attempts: 3), 40, "✓ find 0.00 s ↻ 3"),
    (ChatStep(name: "find", status: .completed, milliseconds: 9994), 40, "✓ find 9.99 s"),
    (ChatStep(name: "find", status: .completed, milliseconds: 9996), 40, "✓ find 10.0 s"),
    (ChatStep(name: "find", status: .completed, milliseconds: 125_000), 40, "✓ find 2 min 5 s"),
    (ChatStep(name: "find", status: .completed, milliseconds: .infinity), 40, "✓ find ?"),
    (ChatStep(name: "find", status: .error, milliseconds: 20, error: "No."), 40, "✗ find 0.02 s: No."),
    (ChatStep(name: "find", status: .error, attempts: 2, error: "No."), 40, "✗ find 0.00 s ↻ 2: No."),
    (ChatStep(name: "find", status: .error, error: "The model is down."), 20, "✗ find 0.00 s: The …"),
    (ChatStep(name: "a_long_name", status: .error, error: "The model is down."), 24, "✗ a_long_name 0.00 s: T…"),
    (ChatStep(name: "a_long_name", status: .error, error: "The model is down."), 20, "✗ a_long_na… 0.00 s…"),
    (ChatStep(name: "find", status: .skipped), 40, "○ find 0.00 s"),
    (ChatStep(name: "task_step_1_分析需求", status: .completed), 20, "✓ task_step_… 0.00 s"),
    (ChatStep(name: "task_1_分析需求", status: .completed), 20, "✓ task_1_分… 0.00 s"),
    (ChatStep(name: "find", status: .completed), 5, "✓ … …"), (ChatStep(name: "find", status: .completed), 1, "…"),
  ])
  func endedStep(_ step: ChatStep, _ columns: Int, _ expected: String) {
    let line = StepLines.line(step, columns: columns)
    #expect(line == expected && TerminalText.width(line) <= columns)
  }

  @Test(arguments: [
    (Duration.seconds(5), "⠋ step_2 0 s"), (.milliseconds(5150), "⠙ step_2 0 s"), (.milliseconds(6900), "⠏ step_2 1 s"),
    (.seconds(105), "⠋ step_2 100 s"),
  ])
  func runningStepMoves(_ now: Duration, _ expected: String) {
    var lines = StepLines()
    lines.take(Self.steps(1), at: .seconds(4))
    lines.take(Self.steps(2), at: .seconds(5))
    #expect(lines.isRunning && lines.lines(at: now, rows: 9, columns: 40) == ["✓ step_1 0.01 s", expected])
    // A step's seconds go on where it is told of again.
    lines.take(Self.steps(2), at: .seconds(6))
    #expect(lines.lines(at: now, rows: 9, columns: 40).last == expected)
  }

  @Test(arguments: [
    (3, 3, ["✓ step_1 0.01 s", "✓ step_2 0.01 s", "✓ step_3 0.01 s"]), (25, 1, ["✓ step_25 0.01 s"]), (25, 0, []),
    (25, 2, ["… 24 before", "✓ step_25 0.01 s"]), (25, 3, ["… 23 before", "✓ step_24 0.01 s", "✓ step_25 0.01 s"]),
  ])
  func lastRowsThatFit(_ count: Int, _ rows: Int, _ expected: [String]) {
    var lines = StepLines()
    lines.take(Self.steps(count, last: .completed), at: .zero)
    #expect(!lines.isRunning && lines.lines(at: .zero, rows: rows, columns: 40) == expected)
  }

  @Test func endsAreToldOnce() {
    var lines = StepLines()
    let names = { (steps: [ChatStep]) in steps.map(\.name) }
    #expect(lines.take(Self.steps(1), at: .zero).isEmpty)
    #expect(names(lines.take(Self.steps(3), at: .zero)) == ["step_1", "step_2"])
    #expect(names(lines.take(Self.steps(3, last: .error), at: .zero)) == ["step_3"])
    #expect(lines.take(Self.steps(3, last: .error), at: .zero).isEmpty)
  }

  @Test func whatStaysWhenNothingMovesAnyMore() {
    var lines = StepLines()
    lines.take(Self.steps(2, last: .error) + [ChatStep(name: "x", status: .running)], at: .zero)
    #expect(lines.failures(columns: 40) == ["✗ step_2 0.01 s"])
    #expect(
      lines.standing(at: .seconds(2), columns: 40) == ["✓ step_1 0.01 s", "✗ step_2 0.01 s", "○ x 2.00 s"])
  }

  @Test func stepsAreReadOfWhatAnyoneMaySend() throws {
    let chunk = try JSONValue(
      parsing: #"""
        {"metadata": {"execution_steps": [
          {"step": "a\u001b[31m", "status": "error", "duration_ms": 1.5, "attempts": 2, "error": "\n one\ntwo"},
          {"step": 1, "status": "due"}, null]}}
        """#)
    #expect(
      ChatStep.all(in: chunk) == [
        ChatStep(name: "a[31m", status: .error, milliseconds: 1.5, attempts: 2, error: "one"),
        ChatStep(name: "?", status: .skipped), ChatStep(name: "?", status: .skipped),
      ])
    #expect(ChatStep.all(in: ["metadata": ["x": 1]]) == nil && ChatStep.all(in: [:]) == nil)
  }
}
