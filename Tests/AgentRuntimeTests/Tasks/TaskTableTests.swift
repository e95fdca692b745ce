import AgentJSON
import AgentTesting
import Synchronization
import Testing

@testable import AgentRuntime

/// Contract §4 "task": strict × format × parallel × what becomes of the second of three steps.
@Suite(.timeLimit(.minutes(1)))
struct TaskTableTests {
  enum Fate: CaseIterable {
    case well, failsOnce, failsAlways, hangsOnce, hangsAlways

    var hangs: Bool { self == .hangsOnce || self == .hangsAlways }
    var isFatal: Bool { self == .failsAlways || self == .hangsAlways }
    /// With a retryCount of 2.
    var attempts: Int { self == .well ? 1 : isFatal ? 3 : 2 }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var isStrict: Bool
    var format: TaskExecutionBot.OutputFormat
    var isParallel: Bool
    var fate: Fate
    var streams: Bool

    var testDescription: String {
      "\(isStrict ? "strict" : "lenient") \(format) \(isParallel ? "parallel" : "sequence") \(fate) "
        + (streams ? "streamed" : "whole")
    }
  }

  static let cases: [Case] = [true, false].flatMap { isStrict in
    [.json, .text, .structured].flatMap { format in
      [true, false].flatMap { isParallel in
        Fate.allCases.flatMap { fate in
          [true, false].map {
            Case(isStrict: isStrict, format: format, isParallel: isParallel, fate: fate, streams: $0)
          }
        }
      }
    }
  }

  @Test(arguments: cases) func theContractHolds(_ test: Case) async throws {
    let (clock, gates) = (ManualClock(), (0..<3).map { _ in ModelGate() })
    let answer = Self.answer(test)
    let log = Recorded<String>()
    let harness = RuntimeHarness.withTasks(timing: .with(clock), logger: .recording(into: log)) { call, number in
      switch (call, test.fate) {
      case (.step(2), .failsOnce) where number == 0: .outage
      case (.step(2), .failsAlways): .outage
      case (.step(2), .hangsOnce) where number == 0: .text("late").waiting(at: gates[number])
      case (.step(2), .hangsAlways): .text("late").waiting(at: gates[number])
      case (.step(let step), _): .text("output \(step)")
      default: .text(String(answer.prefix(7)), String(answer.dropFirst(7)))
      }
    }
    try await harness.taskAgent(
      ["one", "two", "three"], settings(test), format: test.format.rawValue, strict: test.isStrict)
    let told = Recorded<ChatDelta>()
    let sink: DeltaSink = { deltas in deltas.forEach(told.add) }
    async let outcome = Self.outcome {
      try await harness.chat([.user("the task")], sink: test.streams ? sink : nil)
    }
    if test.fate.hangs {
      for number in 0..<(test.fate == .hangsOnce ? 1 : 3) {
        await gates[number].reached()
        // Of those that are under way, the other steps have ended: the timer is this one's.
        while !isEnded(1, log) || test.isParallel && !isEnded(3, log) || clock.pauses != [.seconds(10)] {
          await Task.yield()
        }
        clock.advance(by: .seconds(10))
      }
    }
    switch await outcome {
    case .success(let result): try check(result, test, harness, told.all, answer)
    case .failure(let error): try check(error, test, harness, told.all)
    }
    #expect(harness.runs.count == 0)
  }

  private func isEnded(_ step: Int, _ log: Recorded<String>) -> Bool {
    log.all.contains { $0.hasPrefix("step ") && $0.contains("task_step_\(step)_") && $0.contains("completed") }
  }

  private func settings(_ test: Case) -> JSONObject {
    ["stepTimeout": 10, "retryCount": 2, "parallelExecution": .bool(test.isParallel)]
  }

  private static func outcome(_ body: () async throws -> RunResult) async -> Result<RunResult, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
  }

  private static func answer(_ test: Case) -> String {
    let isWhole = !test.fate.isFatal
    return switch test.format {
    case .text: "All is done."
    case .json: #"{"all": ["is", "done"]}"#
    case .structured:
      """
      {"summary":"s","steps":[{"step":"one","status":"completed","output":"1"},{"step":"two","status":\
      "\(isWhole ? "completed" : "error")","output":"2"},{"step":"three","status":"completed","output":"3"}],"result":"r"}
      """
    }
  }

  private func check(
    _ result: RunResult, _ test: Case, _ harness: RuntimeHarness, _ told: [ChatDelta], _ answer: String
  ) throws {
    #expect(!test.isStrict || !test.fate.isFatal)
    #expect(result.completion.message.text == answer && result.completion.finishReason == "stop")
    #expect(result.warnings.isEmpty && result.agentType == "task")
    let second = test.fate.isFatal ? "error (3)" : test.fate.attempts == 2 ? "completed (2)" : "completed"
    #expect(
      result.steps.short == [
        "validate_task: completed", "task_step_1_one: completed", "task_step_2_two: \(second)",
        "task_step_3_three: completed", "generate_response: completed",
      ])
    #expect(result.steps[1].attempts == 1 && result.steps[4].attempts == nil)
    let words = test.fate.hangs ? "no result within stepTimeout (10 s)" : "The model is down."
    #expect(result.steps[2].error?.contains(words) == (test.fate.isFatal ? true : nil))
    #expect(harness.model.calls.count == 3 + test.fate.attempts)
    // Each answer that came is 5 tokens.
    #expect(result.usage?.totalTokens == 5 * (test.fate.isFatal ? 3 : 4))
    let compose = harness.instruction(.compose)
    #expect(compose.contains("output 1") && compose.contains("output 3"))
    #expect(compose.contains(test.fate.isFatal ? "This step failed" : "output 2"))
    if test.streams {
      #expect(told.compactMap(\.content).joined() == answer)
      #expect(told.compactMap(\.content).count == 2 && told[0].metadata != nil)
    }
  }

  private func check(_ error: any Error, _ test: Case, _ harness: RuntimeHarness, _ told: [ChatDelta]) throws {
    let error = try #require(error as? RuntimeError)
    #expect(test.isStrict && test.fate.isFatal)
    #expect(error.code == .execution && error.status == 500 && error.shouldRetry == false)
    #expect(error.message.hasPrefix("Step 2 of the task failed at each of 3 attempts: "))
    let steps = error.details?["execution_steps"]?.arrayValue ?? []
    let expected =
      ["validate_task", "task_step_1_one", "task_step_2_two"] + (test.isParallel ? ["task_step_3_three"] : [])
    #expect(steps.map { $0["step"]?.stringValue } == expected)
    #expect(steps[2]["status"] == "error" && steps[2]["attempts"] == 3 && steps[1]["status"] == "completed")
    let outputs = error.details?["steps"]?.arrayValue ?? []
    #expect(outputs.first == ["step": "one", "status": "completed", "output": "output 1"])
    #expect(outputs[1]["status"] == "error" && outputs[1]["output"] == steps[2]["error"])
    #expect(!harness.taskCalls.contains(.compose) && harness.taskCalls.count { $0 == .step(2) } == 3)
    #expect(harness.taskCalls.contains(.step(3)) == test.isParallel)
    #expect(told.allSatisfy { $0.content == nil })
  }
}
