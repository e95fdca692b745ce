import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

/// What becomes of a task's answer, by its format.
@Suite(.timeLimit(.minutes(1)))
struct TaskOutputTests {
  private static let right =
    #"{"summary":"s","steps":[{"step":"one","status":"completed","output":"o"}],"result":{"n":1}}"#

  private struct Seen {
    var text: String?
    var streamed: [String]
    var warnings: [String]
    var error: RuntimeError?
    var calls: [TaskCall]
  }

  /// Runs an agent of one step whose composing calls are answered so.
  private func run(
    _ answers: [ScriptedAnswer], format: String, strict: Bool, streams: Bool, parameters: JSONObject = [:]
  ) async throws -> (seen: Seen, harness: RuntimeHarness) {
    let composed = Recorded<Int>()
    let harness = RuntimeHarness.withTasks { call, _ in
      guard call != .step(1) else { return .text("the output") }
      composed.add(0)
      return answers[min(composed.all.count, answers.count) - 1]
    }
    try await harness.taskAgent(["one"], format: format, strict: strict)
    let told = Recorded<String>()
    let sink: DeltaSink = { deltas in deltas.compactMap(\.content).forEach(told.add) }
    var seen = Seen(streamed: [], warnings: [], calls: [])
    seen.error = await runtimeError {
      let result = try await harness.chat([.user("x")], parameters: parameters, sink: streams ? sink : nil)
      (seen.text, seen.warnings) = (result.completion.message.text, result.warnings)
      #expect(result.completion.message.json["role"] == "assistant")
    }
    (seen.streamed, seen.calls) = (told.all, harness.taskCalls)
    return (seen, harness)
  }

  @Test(
    arguments: [
      ("json", [#"{"a":1}"#], #"{"a":1}"#), ("json", ["```json\n{\"a\":1}\n```"], #"{"a":1}"#), ("json", ["42"], "42"),
      ("json", ["no", "[1]"], "[1]"), ("json", ["no", "Sorry. {\"a\":1}"], #"{"a":1}"#),
      ("structured", [right], right), ("structured", ["So:\n\(right)\n"], right),
      ("structured", ["[1]", right], right),
      ("structured", [#"{"summary":"s"}"#, right], right),
    ] as [(String, [String], String)], [(true, true), (true, false), (false, true), (false, false)])
  func answersThatFit(_ test: (String, [String], String), _ mode: (strict: Bool, streams: Bool)) async throws {
    // In a stream, a value that was sent cannot be called back.
    let isSent = mode.streams && test.0 == "structured" && test.1[0].hasPrefix("{\"summary\":\"s\"}")
    guard !isSent else { return }
    let (seen, harness) = try await run(
      test.1.map { .text($0) }, format: test.0, strict: mode.strict, streams: mode.streams)
    #expect(seen.error == nil && seen.text == test.2 && seen.warnings.isEmpty)
    #expect(seen.calls == [.step(1), .compose] + (test.1.count > 1 ? [.repair] : []))
    if mode.streams { #expect(seen.streamed.joined() == test.2) }
    #expect(harness.model.requests.last?.parameters["response_format"] != nil)
  }

  @Test(
    arguments: [
      ("json", ["no", "never"], "There is no JSON in it."), ("json", ["{\"a\":", "{\"a\":1,}"], "found }"),
      ("structured", ["{\"a\":1}", "{\"summary\":1,\"steps\":[],\"result\":1}"], "/summary"),
      ("structured", ["text", "{\"summary\":\"s\",\"steps\":[{}],\"result\":1}"], "/steps/0"),
    ] as [(String, [String], String)], [true, false])
  func answersThatNeverFit(_ test: (String, [String], String), strict: Bool) async throws {
    let (seen, harness) = try await run(test.1.map { .text($0) }, format: test.0, strict: strict, streams: false)
    #expect(seen.calls == [.step(1), .compose, .repair])
    let repair = try #require(harness.model.requests.last)
    #expect(repair.messages.suffix(2).first?.short == "assistant: \(test.1[0])")
    if strict {
      let error = try #require(seen.error)
      #expect(error.code == .execution && error.status == 500 && error.shouldRetry == false)
      #expect(error.message.contains("'\(test.0)', nor does its second try") && error.message.contains(test.2))
      #expect(error.details?["steps"] == [["step": "one", "status": "completed", "output": "the output"]])
      #expect(error.details?["execution_steps"]?.arrayValue?.count == 3)
      #expect(error.details?["answer"] == .string(test.1[0]))
    } else {
      let value = try JSONValue(parsing: try #require(seen.text))
      let wrapped: JSONValue = [
        "summary": "1 of 1 steps were completed.",
        "steps": [["step": "one", "status": "completed", "output": "the output"]], "result": .string(test.1[0]),
      ]
      #expect(value == (test.0 == "json" ? ["text": .string(test.1[0])] : wrapped))
      #expect(seen.warnings.count == 1 && seen.warnings[0].contains("does not fit outputFormat '\(test.0)'"))
    }
  }

  /// Nothing of an answer without JSON goes to the caller before it is clear what becomes of it.
  @Test func aStreamOfProseIsWrapped() async throws {
    let (seen, _) = try await run([.text("no", " JSON")], format: "json", strict: false, streams: true)
    #expect(seen.streamed == [#"{"text":"no JSON"}"#] && seen.text == #"{"text":"no JSON"}"#)
    let strict = try await run([.text("no", " JSON")], format: "json", strict: true, streams: true).seen
    #expect(strict.streamed.isEmpty && strict.error?.code == .execution)
  }

  @Test(arguments: [true, false]) func whatWasStreamedIsNotRepaired(strict: Bool) async throws {
    let (seen, _) = try await run(
      [.text("{\"a\":", "1", finishReason: "length")], format: "json", strict: strict, streams: true)
    #expect(seen.streamed == ["{\"a\":", "1"] && seen.calls == [.step(1), .compose])
    if strict {
      #expect(seen.error?.message.contains("was streamed already") == true)
    } else {
      #expect(seen.text == "{\"a\":1" && seen.warnings.count == 1)
    }
    let two = try await run([.text("{\"a\":1}\n{\"b\":2}")], format: "json", strict: strict, streams: true).seen
    #expect(two.streamed == ["{\"a\":1}"] && two.text == "{\"a\":1}" && two.warnings.isEmpty)
  }

  @Test func stepsAreWhatHappened() async throws {
    let lie = #"{"summary":"s","steps":[{"step":"all","status":"completed","output":"o"}],"result":"r"}"#
    let truth = #"{"summary":"s","steps":[{"step":"one","status":"completed","output":"the output"}],"result":"r"}"#
    for strict in [true, false] {
      let whole = try await run([.text(lie)], format: "structured", strict: strict, streams: false).seen
      #expect(whole.text == truth && whole.calls.count == 2 && whole.warnings.count == 1)
      let held = try await run([.text("Here: " + lie)], format: "structured", strict: strict, streams: true).seen
      #expect(held.text == truth && held.streamed == [truth])
      let streamed = try await run([.text(lie)], format: "structured", strict: strict, streams: true).seen
      #expect(streamed.text == lie && streamed.warnings.count == 1)
    }
  }

  @Test func aModelThatTakesNoFormatIsAskedInWords() async throws {
    let harness = RuntimeHarness(
      ScriptedChatModel { call, _ in
        call.request.parameters.contains(key: "response_format")
          ? .failing(ModelError(.rejected, "no such parameter", status: 400)) : .text("{\"a\":1}")
      }, templates: [TaskExecutionBot.self])
    try await harness.taskAgent(["one"], format: "json")
    #expect(try await harness.chat([.user("x")]).completion.message.text == "{\"a\":1}")
    #expect(harness.taskCalls == [.step(1), .compose, .compose])
    #expect(harness.instruction(.compose, 1).contains("one JSON value"))
  }

  @Test func theRequestsFormatHolds() async throws {
    let schema: JSONValue = ["type": "object", "required": ["b"]]
    let format: JSONValue = ["type": "json_schema", "json_schema": ["name": "x", "schema": schema]]
    let parameters: JSONObject = ["response_format": format]
    let (json, harness) = try await run(
      [.text("{\"a\":1}"), .text("{\"b\":1}")], format: "json", strict: true, streams: false, parameters: parameters)
    #expect(json.text == "{\"b\":1}" && json.calls.last == .repair)
    #expect(harness.model.requests[1].parameters["response_format"] == format)
    #expect(harness.instruction(.compose).contains(schema.encodedText))
    #expect(harness.model.requests[0].parameters.isEmpty, "a step's answer is not the caller's")
    let (text, other) = try await run(
      [.text("no"), .text("{\"b\":1}")], format: "text", strict: true, streams: false, parameters: parameters)
    #expect(text.text == "{\"b\":1}" && other.model.requests[1].parameters["response_format"] == format)
    let structured = try await run(
      [.text(Self.right)], format: "structured", strict: true, streams: false, parameters: parameters
    ).seen
    #expect(structured.text == Self.right && structured.warnings[0].contains("response_format is not used"))
  }

  @Test func aModelThatFailsToRepairLeavesWhatThereIs() async throws {
    let wrapped = try await run([.text("no"), .outage], format: "json", strict: false, streams: false).seen
    #expect(wrapped.text == #"{"text":"no"}"#)
    let strict = try await run([.text("no"), .outage], format: "json", strict: true, streams: false).seen
    #expect(strict.error?.code == .llmUnavailable)
  }

  @Test func refusalsAreAnswers() async throws {
    let refusal = ScriptedAnswer.message(
      ["role": "assistant", "content": .null, "refusal": "I will not."], finishReason: "stop")
    let seen = try await run([refusal], format: "json", strict: false, streams: false).seen
    #expect(seen.text == #"{"text":"I will not."}"#)
  }

  /// What is asked for is accepted.
  @Test func theAskedSchemaIsAsNarrowAsTheAccepted() throws {
    let asked = try JSONSchema(StructuredOutput.askedSchema)
    let plan = TaskPlan(TaskExecutionBot.Settings())
    let outputs = [
      StepOutput(index: 0, text: "t", attempts: 1, milliseconds: 1),
      StepOutput(index: 1, text: "", error: "e", attempts: 3, milliseconds: 1),
    ]
    let output = StructuredOutput(plan: plan, outputs: outputs)
    let value = output.wrapping("x")
    #expect(asked.validate(value).isEmpty && StructuredOutput.fault(in: value) == nil && output.corrected(value) == nil)
    #expect(value["summary"] == "1 of 4 steps were completed. Failed: 制定计划.")
    #expect(output.instruction.contains(#"{"step":"制定计划","status":"error","output":"<"#))
  }
}
