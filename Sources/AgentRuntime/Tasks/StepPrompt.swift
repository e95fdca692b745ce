import AgentJSON

/// What a step's model is told: the task itself stands before it.
struct StepPrompt {
  let task: StoredTask
  /// The step's place, from 0.
  let index: Int
  /// What steps before it came to, in their order.
  let earlier: [StepOutput]

  /// The steps, what earlier ones came to, and what is to be done. `lengthMax` bounds the outputs.
  func instruction(lengthMax: Int) -> String {
    let plan = task.plan
    var text = "The task above is carried out in \(plan.steps.count) steps:\n"
    for (number, step) in plan.steps.enumerated() {
      text += "\(number + 1). \(step)\(number == index ? "  <- this step" : "")\n"
    }
    if plan.isParallel {
      text += "\nAll steps are carried out at the same time: none knows the results of the others.\n"
    } else if !earlier.isEmpty {
      text +=
        "\nResults of the steps before:\n\n" + OutputDigest(plan: plan, outputs: earlier).text(lengthMax: lengthMax)
    }
    return text + """

      Now carry out step \(index + 1): \(plan.steps[index])
      Answer with the result of this step alone, in the language of the task.
      """
  }
}

extension StoredTask {
  /// The request's messages with an instruction behind them. It goes into the last one where that is the user's: many
  /// models take no two messages of one role in a row.
  func messages(adding instruction: String) -> [Message] {
    guard let last = messages.last, last.role == .user else { return messages + [Message(.user, instruction)] }
    var json = last.json
    if let parts = json["content"]?.arrayValue {
      json["content"] = .array(parts + [["type": "text", "text": .string(instruction)]])
    } else {
      json["content"] = .string("\(last.text)\n\n---\n\n\(instruction)")
    }
    return messages.dropLast() + [Message(role: .user, json: json)]
  }
}
