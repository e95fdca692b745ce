import AgentJSON

extension AgentRun {
  /// Whether the agent's model takes what the request brings. Throws `RuntimeError` 422 with each part that it does not.
  func checkContent() throws {
    let faults = contentFaults(call.messages, path: [.key("body")])
    guard faults.isEmpty else { throw RuntimeError.invalid(faults) }
  }

  /// Each part of these messages that the agent's model does not take.
  func contentFaults(_ messages: [Message], path: [Fault.Step] = []) -> [Fault] {
    guard !model.traits(of: modelID).isMultimodal else { return [] }
    var faults: [Fault] = []
    for (index, message) in messages.enumerated() {
      for (part, content) in (message.json["content"]?.arrayValue ?? []).enumerated() {
        guard let type = content["type"]?.stringValue, type != "text", type != "refusal" else { continue }
        faults.append(
          Fault(
            path: path + [.key("messages"), .index(index), .key("content"), .index(part)],
            message: "a part of type '\(type.prefix(40))': this agent's model takes text alone", type: "not_allowed"))
      }
    }
    return faults
  }
}
