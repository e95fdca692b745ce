import AgentJSON

/// What `outputFormat` asks of a task's answer, for the two formats that are JSON.
struct TaskOutput {
  let task: StoredTask
  let outputs: [StepOutput]
  /// The request's `response_format`, which `json` is held against, too.
  let asked: AnswerFormat?

  /// What came of reading an answer.
  enum Reading {
    /// The text of the value in it. `correction` is what the answer has to be instead, where it misreports what happened.
    case fits(String, correction: String?)
    /// What is wrong with it, in a sentence for the model.
    case fault(String)
  }

  private var isStructured: Bool { task.plan.format == .structured }
  private var structured: StructuredOutput { StructuredOutput(plan: task.plan, outputs: outputs) }

  /// How the answer is to look, for the model.
  var instruction: String {
    if isStructured { return structured.instruction }
    var text = "Answer with one JSON value that holds the answer and nothing else, no Markdown and no words around it."
    if let schema = task.parameters["response_format"]?["json_schema"]?["schema"] {
      text += "\nIt must fit this JSON Schema:\n\(schema.encodedText)"
    }
    return text
  }

  /// `response_format` for the model.
  var responseFormat: JSONValue {
    guard isStructured else {
      let own = task.parameters["response_format"]
      return own?["type"]?.stringValue?.hasPrefix("json") == true ? own ?? .null : ["type": "json_object"]
    }
    return [
      "type": "json_schema",
      "json_schema": ["name": "task_result", "strict": true, "schema": StructuredOutput.askedSchema],
    ]
  }

  /// Whether the model may answer with an array.
  var takesArrays: Bool { !isStructured && asked == nil }

  /// Finds the value in an answer, and holds it against the format.
  func read(_ text: String) -> Reading {
    switch JSONExtraction(from: text) {
    case .fault(let fault): return .fault(fault)
    case .found(let value, let text):
      if let fault = isStructured ? StructuredOutput.fault(in: value) : asked?.fault(in: value) { return .fault(fault) }
      return .fits(text, correction: isStructured ? structured.corrected(value)?.encodedText : nil)
    }
  }

  /// The format around an answer that does not have it, with nothing added and nothing left out.
  func wrapping(_ text: String) -> String {
    (isStructured ? structured.wrapping(text) : ["text": .string(text)]).encodedText
  }
}
