import AgentJSON

extension AgentRun {
  /// Whether the agent's model takes what the request brings. Throws `RuntimeError` 422 with each part that it does not.
  func checkContent() throws {
    guard !model.traits(of: modelID).isMultimodal else { return }
    var faults: [Fault] = []
    for (index, message) in call.messages.enumerated() {
      for (part, content) in (message.json["content"]?.arrayValue ?? []).enumerated() {
        guard let type = content["type"]?.stringValue, type != "text", type != "refusal" else { continue }
        let path: [Fault.Step] = [.key("body"), .key("messages"), .index(index), .key("content"), .index(part)]
        faults.append(
          Fault(
            path: path, message: "a part of type '\(type.prefix(40))': this agent's model takes text alone",
            type: "not_allowed"))
      }
    }
    guard faults.isEmpty else { throw RuntimeError.invalid(faults) }
  }
}
