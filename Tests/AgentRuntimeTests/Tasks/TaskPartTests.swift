import AgentJSON
import Testing

@testable import AgentRuntime

/// The pure parts of task runs.
struct TaskPartTests {
  @Test(
    arguments: [
      (1, 1, nil, 0.5), (2, 1, nil, 1), (3, 1, nil, 2), (4, 1, nil, 4), (5, 1, nil, 8), (6, 1, nil, 8),
      (100, 1, nil, 8), (1, 0, nil, 0), (3, 0.25, nil, 0.5), (1, 7, nil, 0.5), (1, -1, nil, 0),
      (1, 1, 3, 3), (5, 1, 3, 8), (1, 0, 600, 60),
    ] as [(Int, Double, Int?, Double)])
  func pausesGrowAndAreDrawnWhole(attempt: Int, draw: Double, asked: Int?, seconds: Double) {
    let pause = StepBackoff().pause(after: attempt, draw: draw, asked: asked.map { .seconds($0) })
    #expect(pause == .seconds(seconds))
  }

  @Test(
    arguments: [
      (100, [], []), (100, [10, 20], [10, 20]), (100, [50, 50], [50, 50]), (100, [200], [100]),
      (100, [200, 200], [50, 50]), (100, [10, 200, 200], [10, 45, 45]), (100, [200, 10, 60], [45, 10, 45]),
      (0, [5, 0], [0, 0]), (3, [5, 5, 5, 5], [0, 1, 1, 1]),
    ] as [(Int, [Int], [Int])])
  func outputsShareTheirBound(lengthMax: Int, lengths: [Int], shares: [Int]) {
    let found = OutputDigest.shares(of: lengthMax, for: lengths)
    #expect(found == shares && found.reduce(0, +) <= lengthMax)
  }

  @Test func whatIsCutIsToldOf() {
    let text = String(repeating: "a", count: 500) + String(repeating: "z", count: 500)
    #expect(text.cutInMiddle(to: 1000) == text)
    for length in [0, 1, 40, 60, 100, 101, 999] {
      let cut = text.cutInMiddle(to: length)
      #expect(cut.unicodeScalars.count <= length)
      guard length >= 60 else { continue }
      #expect(cut.hasPrefix("a") && cut.hasSuffix("z") && cut.contains("of 1000 characters are left out here"))
      let told = Int(cut.split(separator: "[… ")[1].prefix { $0.isNumber })
      #expect(told == 1000 - cut.count { $0 == "a" } - cut.count { $0 == "z" } + 3, "the note has three")
    }
  }

  @Test func noCharacterIsCutInTwo() {
    let family = "👩‍👩‍👧‍👧"
    let text = String(repeating: family, count: 200)
    for length in 60..<200 {
      let cut = text.cutInMiddle(to: length)
      let rest = cut.replacing(family, with: "")
      #expect(rest.hasPrefix("\n[… ") && rest.hasSuffix(" …]\n"))
    }
  }

  @Test func aStoredTaskIsReadAsItWas() throws {
    let settings = try #require(
      TaskExecutionBot.Settings.decode([
        "taskSteps": ["steps": ["a", "b"], "stepTimeout": 12.5], "validation": ["outputFormat": "json"],
      ]).settings)
    let plan = TaskPlan(settings)
    #expect(try JSONCoder.decode(TaskPlan.self, from: JSONCoder.encode(plan)) == plan)
    #expect(
      plan.stepTimeout == 12.5 && plan.retryCount == 2 && !plan.isParallel && plan.isStrict && plan.format == .json)
    let output = StepOutput(
      index: 3, text: "t", error: "e", attempts: 2, milliseconds: 1.5,
      usage: TokenUsage(promptTokens: 1, completionTokens: 2, details: ["x": ["y": 1]]))
    #expect(try JSONCoder.decode(StepOutput.self, from: JSONCoder.encode(output)) == output)
  }

  @Test(
    arguments: [
      ([:], []), (["taskSteps": ["steps": []]], ["taskSteps.steps: wrong_count"]),
      (["taskSteps": ["steps": .array(Array(repeating: "x", count: 21))]], ["taskSteps.steps: wrong_count"]),
      (["taskSteps": ["steps": ["a", " \n"]]], ["taskSteps.steps: blank"]),
      (["taskSteps": ["steps": ["a", 1]]], ["taskSteps.steps: wrong_type"]),
      (
        [
          "taskSteps": ["stepTimeout": 9.9, "retryCount": 6, "parallelExecution": 1],
          "validation": ["strictMode": "yes", "outputFormat": "xml"],
        ],
        [
          "taskSteps.parallelExecution: wrong_type", "taskSteps.retryCount: out_of_range",
          "taskSteps.stepTimeout: out_of_range", "validation.outputFormat: wrong_type",
          "validation.strictMode: wrong_type",
        ]
      ),
      (
        ["taskSteps": ["stepTimeout": 3600.5, "retryCount": -1]],
        ["taskSteps.retryCount: out_of_range", "taskSteps.stepTimeout: out_of_range"]
      ),
      (["taskSteps": ["retryCount": 1.5]], ["taskSteps.retryCount: wrong_type"]),
      (["taskSteps": ["stepTimeout": 3600, "retryCount": 5, "steps": .array(Array(repeating: "x", count: 20))]], []),
    ] as [(JSONObject, [String])])
  func settingsAreChecked(config: JSONObject, faults: [String]) {
    let reading = TaskExecutionBot.Settings.decode(config)
    #expect(reading.faults.map { "\($0.pathText): \($0.type)" }.sorted() == faults)
  }

  @Test func defaultStepsAreWarnedOf() async throws {
    let harness = RuntimeHarness(templates: [TaskExecutionBot.self])
    let body: JSONObject = ["name": "Task", "template_id": "task-execution-bot"]
    let warnings = try await harness.catalog.create(body).warnings
    #expect(
      warnings == [
        #"template_config.taskSteps.steps is not set; the default is used: ["分析需求","制定计划","执行任务","验证结果"]"#
      ])
    #expect(try await harness.taskAgent().warnings.isEmpty)
  }
}
