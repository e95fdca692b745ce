public import AgentJSON

/// An agent's definition that a model proposes. Nothing is stored of it.
public struct AgentProposal: Sendable {
  /// The template.
  public var templateID: String
  /// The version of the template whose settings these are.
  public var templateVersion: String
  /// A body for `POST /v1/agents`, which takes it as it is where there are no faults; nil where the model gave none.
  public var agent: JSONObject?
  /// Why the agent is defined as it is, in the model's words; nil where it says nothing.
  public var reasoning: String?
  /// Why no agent can be made of it; paths begin with `proposal`.
  public var faults: [Fault]
  /// What is odd but allowed.
  public var warnings: [String]
  /// Answers of the model that it took.
  public var attempts: Int
  /// The sum over every call of the model; nil where it counts none.
  public var usage: TokenUsage?

  /// Whether an agent can be made of it.
  public var isValid: Bool { agent != nil && faults.isEmpty }

  init(_ answer: ComposedAnswer, to call: ComposeCall, template: TemplateDescription, attempts: Int) {
    templateID = template.id
    templateVersion = template.version
    agent = answer.body
    reasoning = answer.reasoning
    faults = Array(answer.faults.prefix(ObjectReader.faultsMax))
    // Where there are no faults, the template has warned of these itself.
    let doubts = answer.faults.isEmpty ? [] : answer.doubts.map { "\($0.pathText) \($0.message)" }
    warnings = call.warnings + answer.warnings + doubts
    self.attempts = attempts
  }
}
