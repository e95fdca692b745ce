import AgentJSON

/// The answer of `outputFormat` `structured`: `{"summary","steps":[{"step","status","output"}],"result"}` (contract §4).
struct StructuredOutput {
  let plan: TaskPlan
  let outputs: [StepOutput]

  /// What steps came to; of one that failed the reason.
  static func steps(of plan: TaskPlan, _ outputs: [StepOutput]) -> JSONValue {
    .array(
      outputs.map { output in
        [
          "step": .string(plan.steps[output.index]), "status": .string(output.status.rawValue),
          "output": .string(output.error ?? output.text),
        ]
      })
  }

  /// What the model is asked to keep to. It is narrower than what is accepted, so that services which enforce schemas
  /// take it.
  static let askedSchema: JSONValue = [
    "type": "object",
    "properties": [
      "summary": ["type": "string"],
      "steps": [
        "type": "array",
        "items": [
          "type": "object",
          "properties": [
            "step": ["type": "string"], "status": ["type": "string", "enum": ["completed", "error", "skipped"]],
            "output": ["type": "string"],
          ],
          "required": ["step", "status", "output"], "additionalProperties": false,
        ],
      ],
      "result": ["type": "string"],
    ],
    "required": ["summary", "steps", "result"], "additionalProperties": false,
  ]

  private static let schema: JSONSchema = {
    let step: JSONValue = [
      "type": "object", "properties": ["step": ["type": "string"], "status": ["type": "string"]],
      "required": ["step", "status", "output"],
    ]
    let document: JSONValue = [
      "type": "object", "properties": ["summary": ["type": "string"], "steps": ["type": "array", "items": step]],
      "required": ["summary", "steps", "result"],
    ]
    do {
      return try JSONSchema(document)
    } catch {
      preconditionFailure("the schema of structured output: \(error)")
    }
  }()

  /// What is wrong with an answer; nil where it is as it should be.
  static func fault(in value: JSONValue) -> String? { schema.fault(in: value) }

  /// How the answer is to look, for the model.
  var instruction: String {
    let steps = outputs.map { output -> JSONValue in
      [
        "step": .string(plan.steps[output.index]), "status": .string(output.status.rawValue),
        "output": "<what the step came to, in short>",
      ]
    }
    let form: JSONValue = [
      "summary": "<the task and its outcome in a few sentences>", "steps": .array(steps),
      "result": "<the answer to the task>",
    ]
    return """
      Answer with one JSON object of this form and nothing else, no Markdown and no words around it; `step` and `status` \
      are to stay as they are here:
      \(form.encodedText)
      """
  }

  /// The answer with `steps` as they really were; nil where it says so itself.
  func corrected(_ value: JSONValue) -> JSONValue? {
    let told = value["steps"]?.arrayValue ?? []
    let isRight =
      told.count == outputs.count
      && zip(told, outputs).allSatisfy { told, output in
        told["step"]?.stringValue == plan.steps[output.index] && told["status"]?.stringValue == output.status.rawValue
      }
    guard !isRight, var object = value.objectValue else { return nil }
    object["steps"] = Self.steps(of: plan, outputs)
    return .object(object)
  }

  /// An answer of this form made of what happened, around what the model said.
  func wrapping(_ text: String) -> JSONValue {
    let failed = outputs.filter { $0.error != nil }
    var summary = "\(outputs.count - failed.count) of \(plan.steps.count) steps were completed."
    if !failed.isEmpty {
      summary += " Failed: \(failed.map { plan.steps[$0.index] }.joined(separator: ", "))."
    }
    return ["summary": .string(summary), "steps": Self.steps(of: plan, outputs), "result": .string(text)]
  }
}
