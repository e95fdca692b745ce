import AgentGraph
public import AgentJSON

/// A call of a tool that waits until a human has approved it.
public struct PendingApproval: Sendable, Hashable {
  /// Names the question; the decision refers to it.
  public var id: String
  /// The tool.
  public var tool: String
  /// What the tool would be called with.
  public var arguments: JSONValue

  init(_ interrupt: Interrupt) {
    id = interrupt.id.rawValue
    tool = interrupt.value["tool"]?.stringValue ?? ""
    arguments = interrupt.value["arguments"] ?? .object([:])
  }

  /// The question as the API shows it in `metadata.pending_approvals`.
  public var json: JSONValue { ["id": .string(id), "tool": .string(tool), "arguments": arguments] }
}

/// What a human decided on a call: an element of a request's `metadata.approvals`.
public struct ApprovalDecision: Sendable, Hashable {
  /// What becomes of the call.
  public enum Verdict: String, Sendable, Hashable, CaseIterable {
    /// It is made as it is.
    case approve
    /// It is made with other arguments.
    case edit
    /// It is not made; the model is told so.
    case reject
  }

  /// The question.
  public var id: String
  /// What becomes of the call.
  public var verdict: Verdict
  /// For `edit`: what the tool is called with instead.
  public var arguments: JSONObject?
  /// For `reject`: why, for the model.
  public var reason: String?

  /// Reads the members, leaving faults in the reader; nil if there are any.
  init?(_ reader: inout ObjectReader) {
    for name in ["id", "decision"] where reader.value(name) == nil { reader.fault(name, "is required", "missing") }
    let (id, verdict) = (reader.string("id"), reader.choice("decision", Verdict.self))
    arguments = reader.object("arguments")
    reason = reader.string("reason", length: 0...10_000)
    guard let id, let verdict else { return nil }
    if verdict == .edit, reader.value("arguments") == nil {
      reader.fault("arguments", "is required to edit a call", "missing")
    }
    if verdict != .edit, reader.value("arguments") != nil {
      reader.fault("arguments", "goes with the decision 'edit' alone", "not_allowed")
    }
    self.id = id
    self.verdict = verdict
  }

  /// The decision as the answer to an interrupt.
  var answer: JSONValue {
    var json: JSONObject = ["decision": .string(verdict.rawValue)]
    if let arguments { json["arguments"] = .object(arguments) }
    if let reason { json["reason"] = .string(reason) }
    return .object(json)
  }

  /// What an interrupt was answered with.
  init?(answer: JSONValue) {
    guard let verdict = answer["decision"]?.stringValue.flatMap(Verdict.init) else { return nil }
    id = ""
    self.verdict = verdict
    arguments = answer["arguments"]?.objectValue
    reason = answer["reason"]?.stringValue
  }
}
